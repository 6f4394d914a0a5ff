{{/*
nginx's configuration: (dict "listen" ADDRESS:PORT "root" DIRECTORY), with "api" (dict "root" $ "ip" IP) to serve a conductor's API
too, and "restartFile" PATH for /alive, which is 503 while there is such a file. Needs no root and writes only below /tmp and the API's volume.
*/}}
{{- define "ironic.nginxConf" -}}
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    default_type application/octet-stream;
    client_body_temp_path /tmp/client-body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {
        listen {{ .listen }};
        root {{ .root }};
        location = /healthz { default_type text/plain; return 200 "ok\n"; }
        {{- with .restartFile }}
        # The conductor's liveness: a request costs the node less than a process in the container would.
        location = /alive {
            default_type text/plain;
            if (-e {{ . }}) { return 503 "to be started anew\n"; }
            return 200 "ok\n";
        }
        {{- end }}
    }
    {{- with .api }}
    {{- include "ironic.apiProxy" . | nindent 4 }}
    {{- end }}
}
{{- end -}}

{{/* A conductor's: its http_root and its API. (dict "root" $ "ip" IP) */}}
{{- define "ironic.conductorNginxConf" -}}
{{- $conductor := .root.Values.conductor -}}
{{- include "ironic.nginxConf" (dict
  "listen" (printf "%s:%v" .ip $conductor.httpPort)
  "root" "/shared/html"
  "restartFile" "/run/conductor/restart"
  "api" (ternary . dict $conductor.apiProxy.enabled)) -}}
{{- end -}}

{{/* Where Ironic's API listens for nginx: a volume of the conductor's pod. */}}
{{- define "ironic.apiSocket" -}}
/run/api/ironic.sock
{{- end -}}

{{/*
nginx in front of a conductor's API: (dict "root" $ "ip" IP). BMO keeps two connections and opens a new one for nearly every other call, so
that Python's TLS handshakes, all in the one thread that accepts, were what its clients waited for.

Ironic itself checks the credentials (it remembers what bcrypt said; nginx would ask it at every request), and knows which routes need none.
What nginx answers in its place was answered to the same credentials moments before: they are part of the key. Who has none (probes, the
sidecar) always asks Ironic, except gophercloud, with which BMO asks without credentials at each reconcile whether Ironic is there. Only one
request at a time refreshes an answer; the others get the one before.
*/}}
{{- define "ironic.apiProxy" -}}
{{- $proxy := .root.Values.conductor.apiProxy -}}
upstream ironic {
    server unix:{{ include "ironic.apiSocket" .root }};
    keepalive 64;
    # Ironic closes what was idle for 10 s: a request must not meet that.
    keepalive_timeout 8s;
}
# The answers are small: in memory. (Those that nobody asks for any more are thrown away after ten minutes.)
proxy_cache_path /run/api/cache levels=1 keys_zone=api:1m max_size=32m inactive=10m use_temp_path=off;
map_hash_bucket_size 128;
map "$http_authorization:$http_user_agent" $asks_itself {
    ~^:gophercloud/ 0;
    ~^: 1;
    default 0;
}
# Exactly these, and only with GET and HEAD.
map $request_uri $fresh_only {
    /v1/ 0;
    /v1/drivers 0;
    /v1/nodes?fields=uuid%2Cname%2Cprovision_state%2Cboot_interface 0;
    default 1;
}
server {
    listen {{ .ip }}:6385 ssl backlog=1024;
    ssl_certificate /etc/ironic-tls/tls.crt;
    ssl_certificate_key /etc/ironic-tls/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:2m;
    ssl_session_timeout 1h;
    keepalive_timeout 120s;
    keepalive_requests 100000;
    # Config drives and inventories.
    client_max_body_size 64m;
    client_body_buffer_size 256k;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    # Ironic believes these, and nobody else is to say them.
    proxy_set_header Forwarded "";
    proxy_set_header X-Forwarded-Host "";
    proxy_set_header X-Forwarded-Prefix "";
    # Some calls wait for a host's BMC, or for its lock.
    proxy_read_timeout 300s;
    proxy_buffer_size 16k;
    proxy_buffers 16 64k;
    proxy_busy_buffers_size 128k;
    proxy_cache_key "$request_method $request_uri $http_authorization $http_x_openstack_ironic_api_version $http_openstack_api_version $http_accept $http_host";
    proxy_cache_bypass $fresh_only $asks_itself;
    proxy_no_cache $fresh_only $asks_itself;
    proxy_cache_lock on;
    proxy_cache_use_stale updating;
    # MISS, HIT, EXPIRED, UPDATING or BYPASS, where there is a cache.
    add_header X-Cache-Status $upstream_cache_status;
    location / { proxy_pass http://ironic; }
    {{- with int $proxy.availabilityCacheSeconds }}
    # Whether Ironic is there, and with which drivers: BMO asks both at every reconcile of a host, and meets a failure at its next call anyway.
    location = /v1/ { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    location = /v1/drivers { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    {{- end }}
    {{- with int $proxy.nodeListCacheSeconds }}
    # All hosts with their states, which BMO only counts and holds against PROVISIONING_LIMIT, before each inspection and provisioning: an old
    # number lets more hosts in at once, and is harmless where the limit is never reached. Asked of Ironic every time, it makes the work of N
    # hosts grow with N squared.
    location = /v1/nodes { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    {{- end }}
}
{{- end -}}
