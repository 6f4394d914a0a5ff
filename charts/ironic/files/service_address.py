"""The address at which the Service in front of all conductors is reached from outside of the cluster.

kube-proxy opens a Service at each address in its status. The address is one of a node, so there is no load balancer
that would write it: each conductor does, and all of them write the same. Needs to patch the Service's status.
"""

from kubernetes_api import APPLY, KubernetesApi


class ServiceAddress:
    """Environment: POD_NAMESPACE, and that of kubernetes_api.py."""

    def __init__(self, environment, service, address):
        self.namespace, self.service, self.address = environment["POD_NAMESPACE"], service, address
        self.request = KubernetesApi(environment).request

    def write(self):
        """Writes the status by server-side apply, which changes nothing where the address is there already."""
        body = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.service, "namespace": self.namespace},
            "status": {"loadBalancer": {"ingress": [{"ip": self.address}]}},
        }
        path = f"/api/v1/namespaces/{self.namespace}/services/{self.service}/status"
        self.request("PATCH", f"{path}?fieldManager=provisioning-ip&force=true", body, APPLY)
