"""Requests to Kubernetes with the rights of the pod's ServiceAccount."""

import http.client
import json
import pathlib
import ssl

SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT = 10  # seconds for Kubernetes to answer
APPLY = "application/apply-patch+yaml"  # content type of server-side apply


class Refused(OSError):
    """Kubernetes has answered with an error. Its first argument is the HTTP status."""


class KubernetesApi:
    """Environment: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT."""

    def __init__(self, environment):
        self.env = environment

    def request(self, method, path, body=None, content_type="application/json"):
        """Kubernetes' answer. Raises Refused when it refuses, and OSError when it does not answer."""
        # Kubernetes replaces the CA and the token while the pod runs.
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        token = (SERVICE_ACCOUNT / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type, "Accept": "application/json"}
        host, port = self.env["KUBERNETES_SERVICE_HOST"], int(self.env["KUBERNETES_SERVICE_PORT"])
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=tls)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
            if response.status >= http.client.MULTIPLE_CHOICES:
                raise Refused(response.status, f"{method} {path}: {text[:300]}")
            return json.loads(text)
        finally:
            connection.close()
