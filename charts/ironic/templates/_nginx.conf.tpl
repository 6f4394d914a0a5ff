{{/*
nginx.conf: (dict "listen" ADDRESS:PORT "root" DIRECTORY), with "api" (dict "root" $ "ip" IP) to serve a conductor's
API as well, and "restartFile" PATH for /alive, which answers 503 while that file exists. Needs no root, and writes
only below /tmp and to the volume of the API.
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
        # The conductor's liveness probe. A request costs the node less than a process in the conductor's container.
        location = /alive {
            default_type text/plain;
            if (-e {{ . }}) { return 503 "a restart is requested\n"; }
            return 200 "ok\n";
        }
        {{- end }}
    }
    {{- with .api }}
    {{- include "ironic.apiProxy" . | nindent 4 }}
    {{- end }}
}
{{- end -}}

{{/* nginx.conf of a conductor, for its http_root and its API: one of ironic.conductors, with "root" $. */}}
{{- define "ironic.conductorNginxConf" -}}
{{- $conductor := .root.Values.conductor -}}
{{- include "ironic.nginxConf" (dict
  "listen" (printf "%s:%v" (include "ironic.listenAddress" .) $conductor.httpPort)
  "root" "/shared/html"
  "restartFile" "/run/conductor/restart"
  "api" (ternary . dict $conductor.apiProxy.enabled)) -}}
{{- end -}}

{{/* Where Ironic's API listens for nginx: in a volume of the conductor's pod. */}}
{{- define "ironic.apiSocket" -}}
/run/api/ironic.sock
{{- end -}}

{{/*
nginx in front of a conductor's API: one of ironic.conductors, with "root" $.

Problem: BMO keeps two connections and opens a new one for nearly every other request. Python does all TLS handshakes
in the one thread that accepts connections, and BMO waited for those. Many of BMO's questions have the same answer for
seconds.

Fix: nginx does TLS, and repeats the answers to three questions for seconds.

Ironic checks the credentials: it remembers what bcrypt said, while nginx would compute it at every request, and it
knows which routes need none. The credentials are a part of the cache's key, so an answer is repeated only to the
credentials that got it. A client without credentials (a probe, the sidecar) always gets Ironic's own answer. The
exception is gophercloud: with it BMO asks without credentials, at each reconcile, whether Ironic is there. One
request at a time renews an answer; the others get the previous one.
*/}}
{{- define "ironic.apiProxy" -}}
{{- $proxy := .root.Values.conductor.apiProxy -}}
{{- $key := list "$request_method" "$request_uri" "$http_authorization" "$http_x_openstack_ironic_api_version"
  "$http_openstack_api_version" "$http_accept" "$http_host" | join " " -}}
upstream ironic {
    server unix:{{ include "ironic.apiSocket" .root }};
    keepalive 64;
    # Ironic closes connections that were idle for 10 s: nginx must close them first, or a request could be lost.
    keepalive_timeout 8s;
}
# In memory, because answers are small. An answer that nobody asks for is dropped after ten minutes.
proxy_cache_path /run/api/cache levels=1 keys_zone=api:1m max_size=32m inactive=10m use_temp_path=off;
map_hash_bucket_size 128;
# 1: has no credentials and is not gophercloud.
map "$http_authorization:$http_user_agent" $anonymous {
    ~^:gophercloud/ 0;
    ~^: 1;
    default 0;
}
# 0: may be answered from the cache. Exactly these; nginx caches answers to GET and HEAD only.
map $request_uri $uncached_uri {
    /v1/ 0;
    /v1/drivers 0;
    /v1/nodes?fields=uuid%2Cname%2Cprovision_state%2Cboot_interface 0;
    default 1;
}
server {
    listen {{ include "ironic.listenAddress" . }}:6385 ssl backlog=1024;
    ssl_certificate /etc/ironic-tls/tls.crt;
    ssl_certificate_key /etc/ironic-tls/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:2m;
    ssl_session_timeout 1h;
    keepalive_timeout 120s;
    keepalive_requests 100000;
    # Room for config drives and inventories.
    client_max_body_size 64m;
    client_body_buffer_size 256k;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    # Ironic trusts these headers, so clients must not set them.
    proxy_set_header Forwarded "";
    proxy_set_header X-Forwarded-Host "";
    proxy_set_header X-Forwarded-Prefix "";
    # Some requests wait for a host's BMC or for its lock.
    proxy_read_timeout 300s;
    proxy_buffer_size 16k;
    proxy_buffers 16 64k;
    proxy_busy_buffers_size 128k;
    proxy_cache_key "{{ $key }}";
    proxy_cache_bypass $uncached_uri $anonymous;
    proxy_no_cache $uncached_uri $anonymous;
    proxy_cache_lock on;
    proxy_cache_use_stale updating;
    # MISS, HIT, EXPIRED, UPDATING or BYPASS, where there is a cache.
    add_header X-Cache-Status $upstream_cache_status;
    location / { proxy_pass http://ironic; }
    {{- with int $proxy.availabilityCacheSeconds }}
    # Is Ironic there, and with which drivers? BMO asks both at every reconcile of a host. If the answer is out of
    # date, its next request fails instead.
    location = /v1/ { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    location = /v1/drivers { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    {{- end }}
    {{- with int $proxy.nodeListCacheSeconds }}
    # All hosts with their states. BMO counts them before each inspection and provisioning and compares the number with
    # PROVISIONING_LIMIT. With an old number it begins more hosts at once, which does no harm where the limit is never
    # reached. Without the cache the work for N hosts grows with N squared.
    location = /v1/nodes { proxy_cache api; proxy_cache_valid 200 {{ . }}s; proxy_pass http://ironic; }
    {{- end }}
}
{{- end -}}
