{{/*
Containers that start before a conductor and stop after it. All take one of ironic.conductors, with "root" $.
*/}}

{{/* The sidecar that keeps the provisioning IP on the node and publishes whether the conductor's API answers. */}}
{{- define "ironic.provisioningIpContainer" -}}
{{- $values := .root.Values -}}
name: provisioning-ip
image: {{ include "ironic.image" (list .root "ironic") }}
imagePullPolicy: {{ $values.imagePullPolicy }}
restartPolicy: Always
command: {{- include "ironic.python" (list "/scripts/provisioning_ip.py") | nindent 2 }}
env: {{- include "ironic.pythonEnv" . | nindent 2 }}
  {{- if .service }}
  - { name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
  - { name: OWN_SERVICE, value: {{ .name | quote }} }
  - { name: OWN_PORTS, value: "api=6385 json-rpc=8089 http={{ $values.conductor.httpPort }}" }
  {{- else }}
  - { name: PROVISIONING_IP, value: {{ .ip | quote }} }
  - { name: PROVISIONING_CIDR, value: {{ $values.provisioning.cidr | quote }} }
  - { name: PROVISIONING_INTERFACE, value: {{ $values.provisioning.interface | quote }} }
  {{- end }}
  - { name: API_PORT, value: "6385" }
  - { name: API_CA_FILE, value: /etc/ironic-tls/ca.crt }
  - name: MARIADB_PASSWORD
    valueFrom: { secretKeyRef: { name: {{ $values.existingSecret }}, key: mariadb-password } }
  - { name: OS_DATABASE__CONNECTION, value: {{ include "ironic.databaseUrl" .root | quote }} }
  - { name: SERVICE_NAME, value: {{ include "ironic.fullname" .root | quote }} }
  - { name: SLICE_NAME, value: {{ .name | quote }} }
  {{- with $values.service.nodeAddress }}
  - { name: SERVICE_ADDRESS, value: {{ . | quote }} }
  {{- end }}
  - { name: STATE_DIR, value: /run/conductor }
  {{- if include "ironic.tellsOperator" .root }}
  - { name: HOST_SOCKET, value: /run/conductor/hosts.sock }
  {{- end }}
  - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
  - { name: POD_UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
  - { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
  - { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
{{- if .service }}
securityContext: {{- include "ironic.conductorSecurityContext" .root | nindent 2 }}
{{- else }}
securityContext:
  # Kubernetes gives added capabilities to root only.
  runAsUser: 0
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  # NET_ADMIN for the address, NET_RAW to announce it by a gratuitous ARP request.
  capabilities: { drop: [ALL], add: [NET_ADMIN, NET_RAW] }
{{- end }}
startupProbe:
  exec: { command: [sh, -c, "test -e /run/conductor/address"] }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  exec: { command: [sh, -c, "test $(( $(date +%s) - $(stat -c %Y /run/conductor/beat) )) -lt 90"] }
  # Seldom, because each probe starts a process in the container.
  periodSeconds: 60
  timeoutSeconds: 10
resources: {{- toYaml $values.conductor.sidecarResources | nindent 2 }}
volumeMounts:
  - { name: scripts, mountPath: /scripts, readOnly: true }
  - { name: state, mountPath: /run/conductor }
  - { name: tls, mountPath: /etc/ironic-tls/ca.crt, subPath: ca.crt, readOnly: true }
  - { name: kubernetes, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- end -}}

{{/*
nginx with the conductor's http_root (the boot files of its hosts) and, with apiProxy, its API. Ironic itself fetches
the deploy kernel here (see prepare.py), also while it stops and finishes its work. As a sidecar nginx stops after
Ironic.
*/}}
{{- define "ironic.httpContainer" -}}
{{- $values := .root.Values -}}
{{- $port := $values.conductor.httpPort -}}
{{- $health := printf "{ %sport: %v, path: /healthz }" (include "ironic.probeHost" .) $port -}}
name: http
image: {{ include "ironic.image" (list .root "imageServer") }}
imagePullPolicy: {{ $values.imagePullPolicy }}
restartPolicy: Always
command: [nginx, -c, /etc/ironic-conductor/nginx.conf, -g, daemon off;]
ports:
  - { name: http, containerPort: {{ $port }}{{ include "ironic.hostPort" (list . $port) }} }
  {{- if $values.conductor.apiProxy.enabled }}
  - { name: api, containerPort: 6385{{ include "ironic.hostPort" (list . 6385) }} }
  {{- end }}
securityContext: {{- include "ironic.conductorSecurityContext" .root | nindent 2 }}
startupProbe:
  httpGet: {{ $health }}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {{ $health }}
  periodSeconds: 10
  timeoutSeconds: 5
livenessProbe:
  httpGet: {{ $health }}
  periodSeconds: 30
  timeoutSeconds: 10
resources: {{- toYaml $values.imageServer.resources | nindent 2 }}
volumeMounts:
  - { name: config, mountPath: /etc/ironic-conductor, readOnly: true }
  - { name: shared, mountPath: /shared, readOnly: true }
  - { name: state, mountPath: /run/conductor, readOnly: true }
  - { name: http-tmp, mountPath: /tmp }
  {{- if $values.conductor.apiProxy.enabled }}
  - { name: tls, mountPath: /etc/ironic-tls, readOnly: true }
  - { name: api, mountPath: /run/api }
  {{- end }}
{{- end -}}

{{/* The boot files and the schema. Safe beside other conductors (a lock in the database) and when it runs again. */}}
{{- define "ironic.prepareContainer" -}}
{{- $values := .root.Values -}}
name: prepare
image: {{ include "ironic.image" (list .root "ironic") }}
imagePullPolicy: {{ $values.imagePullPolicy }}
command: {{- include "ironic.python" (list "/scripts/prepare.py") | nindent 2 }}
env: {{- include "ironic.conductorEnv" .root | nindent 2 }}
  {{- if not $values.images.ipa }}
  - { name: HTTP_URL, value: {{ printf "http://%s:%v" .ip $values.conductor.httpPort | quote }} }
  {{- end }}
securityContext: {{- include "ironic.conductorSecurityContext" .root | nindent 2 }}
resources: {{- toYaml $values.conductor.resources | nindent 2 }}
volumeMounts:
  - { name: config, mountPath: /etc/ironic-conductor, readOnly: true }
  - { name: scripts, mountPath: /scripts, readOnly: true }
  - { name: shared, mountPath: /shared }
  - { name: tmp, mountPath: /tmp }
{{- end -}}
