{{/*
ironic.conf of one conductor: one of ironic.conductors, with "root" $. It depends on the values and on the conductor's
own IP or Service alone.
It holds no secrets: oslo.config prefers OS_<SECTION>__<OPTION> of the environment to the file.
*/}}
{{- define "ironic.conf" -}}
{{- $c := .root.Values.conductor -}}
{{- /* Libraries say little at INFO that helps. Ironic's API logs a line a request (about 200 a host) at INFO. */ -}}
{{- $warn := list "alembic" "amqp" "eventlet.wsgi.server" "keystoneauth" "oslo_messaging" "sqlalchemy" "stevedore"
  "sushy" "urllib3.connectionpool" "werkzeug" -}}
{{- $logLevels := printf "%s=WARN" (join "=WARN," $warn) -}}
{{- if eq $c.logLevel "INFO" -}}
{{- $logLevels = printf "%s,ironic.api=WARN" $logLevels -}}
{{- else if ne $c.logLevel "DEBUG" -}}
{{- $logLevels = printf "%s,ironic=%s" $logLevels $c.logLevel -}}
{{- end -}}
{{- $http := printf "http://%s:%v" .ip $c.httpPort -}}
{{- $boot := ternary (include "ironic.imageServerUrl" .root) $http (not (empty .root.Values.images.ipa)) -}}
{{- $conf := dict
  "DEFAULT" (dict
    "auth_strategy" "http_basic"
    "http_basic_auth_user_file" "/etc/ironic-auth/htpasswd"
    "rpc_transport" "json-rpc"
    "use_stderr" true
    "debug" (eq $c.logLevel "DEBUG")
    "default_log_levels" $logLevels
    "hash_ring_algorithm" "sha256"
    "hash_ring_reset_interval" $c.hashRingResetInterval
    "tempdir" "/tmp"
    "webserver_verify_ca" "/etc/ironic-tls/ca.crt"
    "force_raw_images" false
    "enabled_hardware_types" "redfish,fake-hardware"
    "enabled_bios_interfaces" "no-bios,redfish"
    "enabled_boot_interfaces" "ipxe,fake,redfish-virtual-media"
    "enabled_console_interfaces" "no-console,fake"
    "enabled_deploy_interfaces" "direct,fake,ramdisk,custom-agent"
    "enabled_firmware_interfaces" "no-firmware,fake,redfish"
    "enabled_inspect_interfaces" "no-inspect,agent,fake,redfish"
    "enabled_management_interfaces" "redfish,fake,noop"
    "enabled_network_interfaces" "noop"
    "enabled_power_interfaces" "redfish,fake"
    "enabled_raid_interfaces" "no-raid,agent,fake,redfish"
    "enabled_vendor_interfaces" "no-vendor,redfish,fake"
    "default_bios_interface" "no-bios"
    "default_deploy_interface" "direct"
    "default_firmware_interface" "no-firmware"
    "default_inspect_interface" "agent"
    "default_network_interface" "noop")
  "agent" (dict "require_tls" $c.requireAgentTls "deploy_logs_collect" "never" "verify_ca" "/etc/ironic-tls/ca.crt")
  "api" (dict "max_limit" $c.apiMaxLimit "ramdisk_heartbeat_timeout" $c.ramdiskHeartbeatTimeout)
  "conductor" (dict
    "automated_clean" $c.automatedClean
    "check_provision_state_interval" $c.checkProvisionStateInterval
    "clean_callback_timeout" $c.cleanCallbackTimeout
    "deploy_callback_timeout" $c.deployCallbackTimeout
    "deploy_kernel" (printf "%s/boot/ipa.kernel" $boot)
    "deploy_ramdisk" (printf "%s/boot/ipa.initramfs" $boot)
    "disable_deep_image_inspection" true
    "graceful_shutdown_timeout" $c.gracefulShutdownTimeout
    "heartbeat_interval" $c.heartbeatInterval
    "heartbeat_timeout" $c.heartbeatTimeout
    "inspect_wait_timeout" $c.inspectWaitTimeout
    "max_concurrent_clean" $c.maxConcurrentClean
    "max_concurrent_deploy" $c.maxConcurrentDeploy
    "node_history" false
    "node_locked_retry_attempts" $c.nodeLockedRetryAttempts
    "power_state_change_timeout" $c.powerStateChangeTimeout
    "sync_power_state_interval" $c.syncPowerStateInterval
    "sync_power_state_workers" $c.syncPowerStateWorkers
    "workers_pool_size" $c.workersPoolSize)
  "database" (dict "max_pool_size" $c.databasePoolSize "max_overflow" $c.databaseMaxOverflow "max_retries" -1)
  "deploy" (dict
    "fast_track" $c.fastTrack
    "fast_track_timeout" $c.fastTrackTimeout
    "http_root" "/shared/html"
    "http_url" $http
    "iso_master_path" "/shared/master-iso")
  "dhcp" (dict "dhcp_provider" "none")
  "inspector" (dict "power_off" false "require_managed_boot" false "add_ports" "all" "keep_ports" "present")
  "json_rpc" (dict
    "port" 8089
    "auth_strategy" "http_basic"
    "http_basic_auth_user_file" "/etc/ironic-auth/htpasswd"
    "use_ssl" true
    "cert_file" "/etc/ironic-tls/tls.crt"
    "key_file" "/etc/ironic-tls/tls.key"
    "cafile" "/etc/ironic-tls/ca.crt")
  "oslo_concurrency" (dict "lock_path" "/shared/lock")
  "pxe" (dict
    "images_path" "/shared/images"
    "instance_master_path" "/shared/master-images"
    "tftp_master_path" "/shared/html/master"
    "tftp_root" "/shared/tftp")
  "service_catalog" (dict "auth_type" "none" "endpoint_override" (printf "https://%s:6385" .ip))
-}}
{{- /* Behind nginx, Ironic must be told that clients use HTTPS, or the links in its answers would be wrong. */ -}}
{{- $api := ternary
  (dict "unix_socket" (include "ironic.apiSocket" .root) "unix_socket_mode" "600" "enable_ssl_api" false)
  (dict
    "host_ip" (include "ironic.listenAddress" .)
    "port" 6385
    "enable_ssl_api" true
    "cert_file" "/etc/ironic-tls/tls.crt"
    "key_file" "/etc/ironic-tls/tls.key")
  $c.apiProxy.enabled -}}
{{- if $c.apiProxy.enabled -}}
{{- $_ := set $conf "oslo_middleware" (dict "enable_proxy_headers_parsing" true) -}}
{{- end -}}
{{- $conf = mergeOverwrite $conf (deepCopy $c.extraConfig) -}}
{{- $_ := mergeOverwrite $conf (dict
  "DEFAULT" (ternary (dict "host" .ip) (dict "host" .ip "my_ip" .ip) .service)
  "api" $api
  "json_rpc" (dict "host_ip" (include "ironic.listenAddress" .))) -}}
{{- range $section, $options := $conf }}
[{{ $section }}]
{{- range $option, $value := $options }}
{{ $option }} = {{ include "ironic.confValue" $value }}
{{- end }}
{{ end }}
{{- end -}}

{{/* Helm reads numbers of YAML as floats, and would print a million as 1e+06. */}}
{{- define "ironic.confValue" -}}
{{- if and (kindIs "float64" .) (eq (float64 (int64 .)) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}
