"""The EndpointSlices of a conductor: of the Service that all conductors are behind, and of its own where it has one.

Neither Service has a selector. Kubernetes would publish the IP of a pod on a node that is lost until somebody deletes
the node, as long as the Service also publishes pods that are not ready. So each pod writes its own IP, and a later pod
of the same conductor takes the slice over. The slice belongs to the pod, so Kubernetes deletes it with the pod even if
the sidecar could not. Needs to create, get, patch and delete EndpointSlices of its namespace.
"""

import http.client

from kubernetes_api import APPLY, KubernetesApi, Refused


class EndpointSlice:
    """Environment: POD_NAME, POD_UID, POD_NAMESPACE, NODE_NAME, and that of kubernetes_api.py. `ports` are numbers by
    their names.
    """

    def __init__(self, environment, service, name, ip, ports):
        self.env, self.service, self.name, self.ip, self.ports = environment, service, name, ip, ports
        self.path = f"/apis/discovery.k8s.io/v1/namespaces/{environment['POD_NAMESPACE']}/endpointslices/{name}"
        self.request = KubernetesApi(environment).request
        self.version = None  # of the slice as this pod has written it

    def body(self, ready, terminating):
        env = self.env
        pod = {"name": env["POD_NAME"], "uid": env["POD_UID"]}
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": self.name,
                "namespace": env["POD_NAMESPACE"],
                "labels": {
                    "kubernetes.io/service-name": self.service,
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
            "ports": [{"name": name, "port": port, "protocol": "TCP"} for name, port in self.ports.items()],
        }

    def write(self, ready, terminating):
        """Creates or updates the slice by server-side apply. The first time it takes over a former pod's. Later it
        leaves the slice to a pod that has taken it over. Returns whether the slice is this pod's.
        """
        body = self.body(ready, terminating)
        path = f"{self.path}?fieldManager=provisioning-ip&force=true"
        if self.version:
            body["metadata"]["resourceVersion"] = self.version
        try:
            written = self.request("PATCH", path, body, APPLY)
        except Refused:
            if self.version is None:
                raise
            if self.bearer() not in (None, self.env["POD_UID"]):
                return False
            # Somebody has changed or deleted it, and it is written anew.
            self.version = None
            return self.write(ready, terminating)
        self.version = written["metadata"]["resourceVersion"]
        return True

    def bearer(self):
        """UID of the pod whose address is in the slice; None when there is no slice."""
        try:
            endpoints = self.request("GET", self.path).get("endpoints") or [{}]
        except Refused as error:
            if error.args[0] == http.client.NOT_FOUND:
                return None
            raise
        return endpoints[0].get("targetRef", {}).get("uid")

    def delete(self):
        """Deletes the slice as this pod has written it last, and not one that a later pod has taken over."""
        if self.version:
            options = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"resourceVersion": self.version},
            }
            self.request("DELETE", self.path, options)
