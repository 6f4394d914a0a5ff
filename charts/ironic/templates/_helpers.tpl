{{/* Name of the release's objects. At most 40 characters, so that it fits into 63 with each suffix. */}}
{{- define "ironic.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/*
Labels that select a component's pods: (list $ "component"). Without the version: a selector cannot be changed.
*/}}
{{- define "ironic.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of a component's objects: (list $ "component"). */}}
{{- define "ironic.labels" -}}
{{- $root := index . 0 -}}
{{- /* Another version of Ironic is no reason to restart the database. */ -}}
{{- $version := ternary $root.Values.ironicVersion "" (eq (index . 1) "conductor") -}}
{{ include "ironic.selectorLabels" . }}
app.kubernetes.io/version: {{ default $root.Chart.AppVersion $version | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: metal3-scale-lab
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Annotations of an object: (list $ own-annotations); empty when there are none. */}}
{{- define "ironic.annotations" -}}
{{- $all := merge (deepCopy (index . 1)) (index . 0).Values.commonAnnotations -}}
{{- if $all }}
annotations: {{- toYaml $all | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Image reference: (list $ "ironic"). */}}
{{- define "ironic.image" -}}
{{- $image := index (index . 0).Values.images (index . 1) -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag }}
{{- end -}}
{{- end -}}

{{/* The loadBalancerClass of Services that are reached at an address of a node (FKAS has the same). */}}
{{- define "ironic.nodeAddressClass" -}}
metal3-scale-lab/node-address
{{- end }}

{{/* Where pods reach the image server. */}}
{{- define "ironic.imageServerUrl" -}}
http://{{ include "ironic.fullname" . }}-image-server.{{ .Release.Namespace }}.svc:8080
{{- end -}}

{{- define "ironic.databaseHost" -}}
{{- if .Values.mariadb.external.host -}}
{{ .Values.mariadb.external.host }}
{{- else -}}
{{ include "ironic.fullname" . }}-mariadb.{{ .Release.Namespace }}.svc
{{- end -}}
{{- end -}}

{{/* The database's URL for SQLAlchemy. The kubelet replaces $(MARIADB_PASSWORD) by the variable of the container. */}}
{{- define "ironic.databaseUrl" -}}
{{- $db := .Values.mariadb.external -}}
{{- $server := printf "%s:%v" (include "ironic.databaseHost" .) $db.port -}}
mysql+pymysql://{{ $db.user }}:$(MARIADB_PASSWORD)@{{ $server }}/{{ $db.database }}?charset=utf8mb4
{{- end -}}

{{/* "true" when conductors tell BMO that Ironic is done with a host (state_notifier.py), else empty. */}}
{{- define "ironic.tellsOperator" -}}
{{- if and .Values.conductor.tunedRuntime .Values.conductor.tellOperator -}}true{{- end -}}
{{- end -}}

{{/*
Command that runs a Python script of the chart: (list "/scripts/x.py" ARGUMENT...). The interpreter is the one that the
first line of `ironic` names, since only it is sure to have Ironic's modules: in upstream's image those are in a Python
that is not `python3`. Unquoted, because the line may have an option behind the interpreter.
*/}}
{{- define "ironic.python" -}}
- sh
- -c
- >-
  read -r first < "$(command -v ironic)" && exec ${first#"#!"} "$@"
- sh
{{- range . }}
- {{ . }}
{{- end }}
{{- end -}}

{{/* Environment of every container that runs Python: the log comes at once, and without warnings of libraries. */}}
{{- define "ironic.pythonEnv" -}}
- { name: PYTHONUNBUFFERED, value: "1" }
- { name: PYTHONWARNINGS, value: ignore }
{{- end -}}

{{/* Environment of a container that reads ironic.conf: the secrets, as overrides for oslo.config. */}}
{{- define "ironic.conductorEnv" -}}
{{ include "ironic.pythonEnv" . }}
- name: MARIADB_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: mariadb-password } }
- name: OS_DATABASE__CONNECTION
  value: {{ include "ironic.databaseUrl" . | quote }}
- name: OS_JSON_RPC__USERNAME
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: username } }
- name: OS_JSON_RPC__PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: password } }
# Otherwise hundreds of threads spread over eight heaps per core, and none of those returns memory.
- name: MALLOC_ARENA_MAX
  value: "2"
# The only folder that every user can write to in a read-only container.
- name: HOME
  value: /tmp
{{- end -}}

{{- define "ironic.conductorSecurityContext" -}}
{{- include "ironic.unprivileged" (list .Values.conductor.runAsUser .Values.conductor.runAsGroup) -}}
{{- end -}}

{{/* Security context of a container without privileges: (list user group). */}}
{{- define "ironic.unprivileged" -}}
runAsNonRoot: true
runAsUser: {{ index . 0 }}
runAsGroup: {{ index . 1 }}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/*
The conductors, as a JSON array of {index, name, ip, service}. `ip` is where all others reach the conductor: its
provisioning IP, or the name of its Service.
*/}}
{{- define "ironic.conductors" -}}
{{- $conductors := list -}}
{{- $prefix := printf "%s-conductor" (include "ironic.fullname" .) -}}
{{- range $index := until (int .Values.provisioning.services) -}}
{{- $name := printf "%s-%d" $prefix $index -}}
{{- $host := printf "%s.%s.svc" $name $.Release.Namespace -}}
{{- $conductors = append $conductors (dict "index" $index "name" $name "ip" $host "service" true) -}}
{{- end -}}
{{- if not $conductors -}}
{{- range $index, $ip := .Values.provisioning.ips -}}
{{- $name := printf "%s-%d" $prefix $index -}}
{{- $conductors = append $conductors (dict "index" $index "name" $name "ip" $ip "service" false) -}}
{{- end -}}
{{- end -}}
{{- toJson $conductors -}}
{{- end -}}

{{/* Address at which a conductor listens: its provisioning IP alone, which others of its node do not have. */}}
{{- define "ironic.listenAddress" -}}
{{- ternary "0.0.0.0" .ip .service -}}
{{- end -}}

{{/* Where a probe asks a conductor: at its provisioning IP, or at its pod's, which is the default. */}}
{{- define "ironic.probeHost" -}}
{{- if not .service -}}host: {{ .ip | quote }}, {{ end -}}
{{- end -}}

{{/*
The port on the node, for the scheduler: the conductors of one node have the same ports, each at its own IP.
(list conductor PORT)
*/}}
{{- define "ironic.hostPort" -}}
{{- $conductor := index . 0 -}}
{{- if not $conductor.service -}}, hostPort: {{ index . 1 }}, hostIP: {{ $conductor.ip | quote }}{{- end -}}
{{- end -}}
