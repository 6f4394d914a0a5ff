{{/* An IPv4 address as a number. */}}
{{- define "ironic.ipv4Number" -}}
{{- $n := 0 | int64 -}}
{{- range splitList "." . -}}{{- $n = add (mul $n 256) (int64 .) -}}{{- end -}}
{{- $n -}}
{{- end -}}

{{/* Refuses values that values.schema.json cannot refuse, with all problems in one message. */}}
{{- define "ironic.validate" -}}
{{- $problems := concat
  (include "ironic.addressProblems" . | fromJsonArray)
  (include "ironic.imageProblems" . | fromJsonArray)
  (include "ironic.extraConfigProblems" . | fromJsonArray) -}}
{{- $persistence := .Values.mariadb.persistence -}}
{{- if and $persistence.hostPath (or $persistence.storageClass $persistence.existingClaim) -}}
{{- $problems = append $problems "mariadb.persistence.hostPath: excludes storageClass and existingClaim" -}}
{{- end -}}
{{- if and .Values.images.ipa (not .Values.imageServer.enabled) -}}
{{- $problems = append $problems "images.ipa: needs imageServer.enabled, which serves its files" -}}
{{- end -}}
{{- $interval := int .Values.conductor.heartbeatInterval -}}
{{- $timeout := int .Values.conductor.heartbeatTimeout -}}
{{- if ge $interval $timeout -}}
{{- $rule := "conductor.heartbeatInterval: %d must be below conductor.heartbeatTimeout %d" -}}
{{- $problems = append $problems (printf $rule $interval $timeout) -}}
{{- end -}}
{{- if $problems -}}{{- fail (printf "\n%s" (join "\n" $problems)) -}}{{- end -}}
{{- end -}}

{{/* Provisioning IPs outside of the provisioning network, as a JSON array of messages. */}}
{{- define "ironic.addressProblems" -}}
{{- $problems := list -}}
{{- $cidr := .Values.provisioning.cidr -}}
{{- $parts := splitList "/" $cidr -}}
{{- $size := 1 | int64 -}}
{{- range until (sub 32 (int (index $parts 1)) | int) -}}{{- $size = mul $size 2 -}}{{- end -}}
{{- $network := div (include "ironic.ipv4Number" (index $parts 0) | int64) $size -}}
{{- range $index, $ip := ternary (list) .Values.provisioning.ips (gt (int .Values.provisioning.services) 0) -}}
{{- if ne (div (include "ironic.ipv4Number" $ip | int64) $size) $network -}}
{{- $rule := "provisioning.ips[%d]: %s is not in provisioning.cidr %s" -}}
{{- $problems = append $problems (printf $rule $index $ip $cidr) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Floating tags, as a JSON array of messages. */}}
{{- define "ironic.imageProblems" -}}
{{- $problems := list -}}
{{- range $name, $image := .Values.images -}}
{{- if not $image -}}{{- continue -}}{{- end -}}
{{- if and (eq $image.tag "latest") (not $image.digest) -}}
{{- $rule := "images.%s.tag: latest is a floating tag; give a version or a digest" -}}
{{- $problems = append $problems (printf $rule $name) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Options of ironic.conf that extraConfig must not set, as a JSON array of messages. */}}
{{- define "ironic.extraConfigProblems" -}}
{{- $problems := list -}}
{{- $own := list "host" "my_ip" "host_ip" "unix_socket" "enable_ssl_api" -}}
{{- $secret := list "connection" "password" "http_basic_password" -}}
{{- range $section, $options := .Values.conductor.extraConfig -}}
{{- range $option, $value := $options -}}
{{- $name := printf "conductor.extraConfig.%s.%s" $section $option -}}
{{- if or (has $option $own) (and (eq $option "port") (has $section (list "api" "json_rpc"))) -}}
{{- $problems = append $problems (printf "%s: the chart sets it, for each conductor" $name) -}}
{{- end -}}
{{- if has $option $secret -}}
{{- $problems = append $problems (printf "%s: secrets come from existingSecret, never from a ConfigMap" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
