"""Whether the API of a conductor answers over TLS, and whether it has been silent for too long."""

import http.client
import ssl
import time

TIMEOUT = 5.0  # seconds for the API to answer
# A busy API may answer late; one that refuses the connection is gone at once.
LATE_ANSWERS = 3
SILENCE = 180  # seconds without an answer, after there was one, for which an API may be merely busy


class ApiHealth:
    def __init__(self, ip, port, ca_file):
        self.ip, self.port = ip, port
        self.tls = ssl.create_default_context(cafile=ca_file)
        self.late = 0  # answers in a row that did not come in time
        self.answered = None  # time.monotonic() of its last answer
        self.restart_reason = None  # why the conductor has to be restarted, until `take_restart_reason`

    def answers(self):
        """True when the API answers, and for LATE_ANSWERS - 1 looks when it is late; False when nothing listens."""
        connection = http.client.HTTPSConnection(str(self.ip), self.port, timeout=TIMEOUT, context=self.tls)
        try:
            # A public route: it needs no credentials and no database.
            connection.request("GET", "/v1/")
            response = connection.getresponse()
            response.read()
            if response.status == http.client.BAD_GATEWAY:
                # nginx is there, and Ironic does not listen behind it.
                raise ConnectionRefusedError
            self.late = 0
            self.answered = time.monotonic()
            return response.status == http.client.OK
        except ConnectionRefusedError:
            # The conductor starts or stops, and Kubernetes knows about that.
            self.late, self.answered = LATE_ANSWERS, None
            return False
        except ssl.SSLCertVerificationError as error:
            print(f"provisioning-ip: the API's certificate is not accepted: {error}", flush=True)
            return False
        except (OSError, http.client.HTTPException):
            self.late += 1
            if self.answered is not None and time.monotonic() - self.answered > SILENCE:
                self.restart_reason, self.answered = f"its API gave no answer for {SILENCE} s", None
            return self.late < LATE_ANSWERS
        finally:
            connection.close()

    def take_restart_reason(self):
        reason, self.restart_reason = self.restart_reason, None
        return reason
