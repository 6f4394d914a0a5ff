{{/* Name of the release's objects. Short enough for every suffix within 63 characters. */}}
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

{{/* What selects a component's pods: (list $ "component"). Never the version: selectors cannot change. */}}
{{- define "ironic.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of a component's objects: (list $ "component"). */}}
{{- define "ironic.labels" -}}
{{- $root := index . 0 -}}
{{ include "ironic.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
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

{{- define "ironic.databaseHost" -}}
{{- if .Values.mariadb.external.host -}}
{{ .Values.mariadb.external.host }}
{{- else -}}
{{ include "ironic.fullname" . }}-mariadb.{{ .Release.Namespace }}.svc
{{- end -}}
{{- end -}}

{{/* SQLAlchemy's URL; the kubelet puts the password in from the container's environment. */}}
{{- define "ironic.databaseUrl" -}}
{{- $db := .Values.mariadb.external -}}
mysql+pymysql://{{ $db.user }}:$(MARIADB_PASSWORD)@{{ include "ironic.databaseHost" . }}:{{ $db.port }}/{{ $db.database }}?charset=utf8
{{- end -}}

{{/* "true" when BMO is told what Ironic is done with, else empty. */}}
{{- define "ironic.tellsOperator" -}}
{{- if and .Values.conductor.tunedRuntime .Values.conductor.tellOperator -}}true{{- end -}}
{{- end -}}

{{/* An IPv4 address as a number. */}}
{{- define "ironic.ipv4Number" -}}
{{- $n := 0 | int64 -}}
{{- range splitList "." . -}}{{- $n = add (mul $n 256) (int64 .) -}}{{- end -}}
{{- $n -}}
{{- end -}}

{{/* What the schema cannot say; every problem at once. */}}
{{- define "ironic.validate" -}}
{{- $problems := list -}}
{{- $cidr := splitList "/" .Values.provisioning.cidr -}}
{{- $size := 1 | int64 -}}
{{- range until (sub 32 (int (index $cidr 1)) | int) -}}{{- $size = mul $size 2 -}}{{- end -}}
{{- $network := div (include "ironic.ipv4Number" (index $cidr 0) | int64) $size -}}
{{- range $index, $ip := .Values.provisioning.ips -}}
{{- if ne (div (include "ironic.ipv4Number" $ip | int64) $size) $network -}}
{{- $problems = append $problems (printf "provisioning.ips[%d]: %s is not in provisioning.cidr %s" $index $ip $.Values.provisioning.cidr) -}}
{{- end -}}
{{- end -}}
{{- range $name, $image := .Values.images -}}
{{- if and (eq $image.tag "latest") (not $image.digest) -}}
{{- $problems = append $problems (printf "images.%s.tag: latest is a floating tag; give a version or a digest" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.mariadb.persistence.hostPath (or .Values.mariadb.persistence.storageClass .Values.mariadb.persistence.existingClaim) -}}
{{- $problems = append $problems "mariadb.persistence.hostPath: excludes storageClass and existingClaim" -}}
{{- end -}}
{{- if ge (int .Values.conductor.heartbeatInterval) (int .Values.conductor.heartbeatTimeout) -}}
{{- $problems = append $problems (printf "conductor.heartbeatInterval: %v must be below conductor.heartbeatTimeout %v" .Values.conductor.heartbeatInterval .Values.conductor.heartbeatTimeout) -}}
{{- end -}}
{{- range $section, $options := .Values.conductor.extraConfig -}}
{{- range $option, $value := $options -}}
{{- if or (has $option (list "host" "my_ip" "host_ip" "unix_socket" "enable_ssl_api")) (and (eq $option "port") (has $section (list "api" "json_rpc"))) -}}
{{- $problems = append $problems (printf "conductor.extraConfig.%s.%s: is the chart's own, one a conductor" $section $option) -}}
{{- end -}}
{{- if has $option (list "connection" "password" "http_basic_password") -}}
{{- $problems = append $problems (printf "conductor.extraConfig.%s.%s: secrets come from existingSecret, never from a ConfigMap" $section $option) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}{{- fail (printf "\n%s" (join "\n" $problems)) -}}{{- end -}}
{{- end -}}

{{/* Environment of whatever reads ironic.conf: the secrets it needs, as oslo.config's overrides. */}}
{{- define "ironic.conductorEnv" -}}
- name: MARIADB_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: mariadb-password } }
- name: OS_DATABASE__CONNECTION
  value: {{ include "ironic.databaseUrl" . | quote }}
- name: OS_JSON_RPC__USERNAME
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: username } }
- name: OS_JSON_RPC__PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.existingSecret }}, key: password } }
# Hundreds of threads would else spread over eight heaps a core, none of which gives memory back.
- name: MALLOC_ARENA_MAX
  value: "2"
# Writable in a read-only container, whatever the user.
- name: HOME
  value: /tmp
{{- end -}}

{{- define "ironic.conductorSecurityContext" -}}
{{- include "ironic.unprivileged" (list .Values.conductor.runAsUser .Values.conductor.runAsGroup) -}}
{{- end -}}

{{/* Security context of a container that needs nothing: (list user group). */}}
{{- define "ironic.unprivileged" -}}
runAsNonRoot: true
runAsUser: {{ index . 0 }}
runAsGroup: {{ index . 1 }}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
