"""The EndpointSlice of a conductor. The Service of the conductors has no selector: each one's slice adds its IP.

The slice belongs to the pod, so Kubernetes deletes it with the pod even if the sidecar could not. Needs to create,
patch and delete EndpointSlices of its namespace.
"""

import http.client
import json
import pathlib
import ssl

SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT = 10  # seconds for Kubernetes to answer


class EndpointSlice:
    """Environment: SERVICE_NAME, SLICE_NAME, POD_NAME, POD_UID, POD_NAMESPACE, NODE_NAME, KUBERNETES_SERVICE_HOST and
    KUBERNETES_SERVICE_PORT.
    """

    def __init__(self, environment, ip, port):
        self.env, self.ip, self.port = environment, ip, port
        self.path = (
            f"/apis/discovery.k8s.io/v1/namespaces/{environment['POD_NAMESPACE']}"
            f"/endpointslices/{environment['SLICE_NAME']}"
        )
        self.uid = None

    def request(self, method, path, body, content_type):
        """Kubernetes' answer. Raises OSError when it refuses."""
        # Kubernetes replaces the CA and the token while the pod runs.
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        token = (SERVICE_ACCOUNT / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type, "Accept": "application/json"}
        host, port = self.env["KUBERNETES_SERVICE_HOST"], int(self.env["KUBERNETES_SERVICE_PORT"])
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=tls)
        try:
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
            if response.status >= http.client.MULTIPLE_CHOICES:
                raise OSError(f"{method} {path}: {response.status} {text[:300]}")
            return json.loads(text)
        finally:
            connection.close()

    def body(self, ready, terminating):
        env = self.env
        pod = {"name": env["POD_NAME"], "uid": env["POD_UID"]}
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": env["SLICE_NAME"],
                "namespace": env["POD_NAMESPACE"],
                "labels": {
                    "kubernetes.io/service-name": env["SERVICE_NAME"],
                    "endpointslice.kubernetes.io/managed-by": "provisioning-ip.metal3-scale-lab",
                },
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", **pod}],
            },
            "addressType": f"IPv{self.ip.version}",
            "endpoints": [
                {
                    "addresses": [str(self.ip)],
                    "conditions": {"ready": ready, "serving": ready, "terminating": terminating},
                    "nodeName": env["NODE_NAME"],
                    "targetRef": {"kind": "Pod", "namespace": env["POD_NAMESPACE"], **pod},
                }
            ],
            "ports": [{"name": "api", "port": self.port, "protocol": "TCP"}],
        }

    def write(self, ready, terminating):
        """Creates or updates the slice by server-side apply."""
        path = f"{self.path}?fieldManager=provisioning-ip&force=true"
        written = self.request("PATCH", path, self.body(ready, terminating), "application/apply-patch+yaml")
        self.uid = written["metadata"]["uid"]

    def delete(self):
        """Deletes the slice, unless a later pod has made its own under that name."""
        if self.uid:
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": self.uid}}
            self.request("DELETE", self.path, options, "application/json")
