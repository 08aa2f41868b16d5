import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A plain reverse proxy: one worker, connections to the upstream kept, streams not buffered. Returns its config's path. */
export function writeNginxConfig(folder: string, port: number, upstream: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${join(folder, name)};`)
    .join('\n')
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_max_body_size 0;
${temporary}
  upstream system {
    server ${new URL(upstream).host};
    keepalive 512;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /rows/ {
      proxy_pass http://system;
    }
    location / {
      proxy_pass http://system;
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`,
  )
  return file
}
