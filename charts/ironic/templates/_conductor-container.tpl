{{/* The container of Ironic, API and conductor in one process: one of ironic.conductors, with "root" $. */}}
{{- define "ironic.conductorContainer" -}}
{{- $conductor := .root.Values.conductor -}}
{{- $proxied := $conductor.apiProxy.enabled -}}
{{- $api := printf "{ %sport: 6385, path: /v1/, scheme: HTTPS }" (include "ironic.probeHost" .) -}}
name: ironic
image: {{ include "ironic.image" (list .root "ironic") }}
imagePullPolicy: {{ .root.Values.imagePullPolicy }}
# start.py removes the files that asked the previous process to stop, and makes the schema if the database has lost
# it: init containers run only once a pod.
{{- $run := ternary "/scripts/conductor.py" "ironic" $conductor.tunedRuntime }}
command:
  {{- include "ironic.python" (list "/scripts/start.py" $run "--config-file" "/etc/ironic-conductor/ironic.conf")
    | nindent 2 }}
env: {{- include "ironic.conductorEnv" .root | nindent 2 }}
  - { name: STATE_DIR, value: /run/conductor }
  {{- if .service }}
  # It goes before the configuration file, which cannot know it.
  - { name: OS_DEFAULT__MY_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
  {{- end }}
  {{- if $conductor.tunedRuntime }}
  - { name: CONDUCTOR_SERVER_THREADS, value: {{ int $conductor.serverThreads | quote }} }
  - { name: CONDUCTOR_READERS, value: {{ int $conductor.readers | quote }} }
  {{- with $conductor.without }}
  - { name: CONDUCTOR_WITHOUT, value: {{ join " " . | quote }} }
  {{- end }}
  {{- end }}
  {{- if include "ironic.tellsOperator" .root }}
  - { name: HOST_SOCKET, value: /run/conductor/hosts.sock }
  {{- end }}
  {{- with $conductor.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  {{- if not $proxied }}
  - { name: api, containerPort: 6385{{ include "ironic.hostPort" (list . 6385) }} }
  {{- end }}
  - { name: json-rpc, containerPort: 8089{{ include "ironic.hostPort" (list . 8089) }} }
lifecycle:
  preStop:
    # The sidecar looks for the file every 2 s and takes the conductor out of the Service before its API stops.
    exec: { command: [sh, -c, "touch /run/conductor/draining; sleep 3"] }
securityContext: {{- include "ironic.conductorSecurityContext" .root | nindent 2 }}
# Probes have no credentials, so nginx never answers them from its cache.
startupProbe:
  httpGet: {{ $api }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 150
readinessProbe:
  httpGet: {{ $api }}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 3
# nginx answers 503 while the sidecar requests a restart: the API was silent for minutes, or the database was restarted
# (see provisioning_ip.py).
livenessProbe:
  httpGet: { {{ include "ironic.probeHost" . }}port: {{ $conductor.httpPort }}, path: /alive }
  periodSeconds: 3
  timeoutSeconds: 10
  # More than one, because nginx itself may be restarting.
  failureThreshold: 4
  # Ironic would wait for the hosts in progress, and some of them may be locked for ever.
  terminationGracePeriodSeconds: 15
resources: {{- toYaml $conductor.resources | nindent 2 }}
volumeMounts:
  - { name: config, mountPath: /etc/ironic-conductor, readOnly: true }
  - { name: auth, mountPath: /etc/ironic-auth, readOnly: true }
  - { name: tls, mountPath: /etc/ironic-tls, readOnly: true }
  - { name: scripts, mountPath: /scripts, readOnly: true }
  - { name: shared, mountPath: /shared }
  - { name: state, mountPath: /run/conductor }
  {{- if $proxied }}
  - { name: api, mountPath: /run/api }
  {{- end }}
  - { name: tmp, mountPath: /tmp }
  - { name: home, mountPath: /var/lib/ironic }
{{- end -}}
