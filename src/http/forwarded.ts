// Whether a request was forwarded to this machine. Tunnels, proxies and the front ends of hosting platforms
// add headers that nobody else sends. Byte-level forwarding (`ssh -R`, socat, kubectl port-forward, a TCP
// tunnel) adds none, and cannot be detected: docs/connectors/http.md explains this.

import type { IncomingHttpHeaders } from "node:http";

/** By origin: so that a name is neither added twice nor taken for a sender's own. */
const names: ReadonlySet<string> = new Set([
  // RFC 9110, RFC 7239, RFC 8586, and leftovers of a request to a proxy.
  "via",
  "forwarded",
  "cdn-loop",
  "max-forwards",
  "proxy-connection",
  // nginx, HAProxy, Traefik, Apache, IIS and common conventions of their users.
  "client-ip",
  "forwarded-for",
  "forwarded-for-ip",
  "forwarded-proto",
  "front-end-https",
  "proxy-client-ip",
  "remote-addr",
  "wl-proxy-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-external-host",
  "x-host",
  "x-http-host-override",
  "x-nginx-proxy",
  "x-originating-ip",
  "x-proxy-host",
  "x-proxyuser-ip",
  "x-real-host",
  "x-real-ip",
  "x-real-port",
  "x-real-proto",
  "x-remote-addr",
  "x-remote-ip",
  "x-rewrite-url",
  "x-scheme",
  "x-url-scheme",
  // Squid, Varnish, Akamai, Fastly, Imperva, Sucuri.
  "akamai-origin-hop",
  "fastly-client-ip",
  "fastly-ff",
  "fastly-ssl",
  "incap-client-ip",
  "surrogate-capability",
  "true-client-ip",
  "x-varnish",
  // Amazon, Google, Microsoft, Heroku and others that run programs behind a front end.
  "x-amzn-trace-id",
  "x-cloud-trace-context",
  "x-request-start",
  "rndr-id",
  "disguised-host",
  "was-default-hostname",
  "x-site-deployment-id",
  "x-waws-unencoded-url",
  // Tunnels.
  "bypass-tunnel-reminder",
]);

const prefixes = [
  "akamai-",
  "cf-",
  "cloudfront-",
  "do-connecting-",
  "fly-",
  "ngrok-",
  "tailscale-",
  "x-amz-cf-",
  "x-amzn-",
  "x-akamai-",
  "x-appengine-",
  "x-arr-",
  "x-azure-",
  "x-cdn-",
  "x-codespaces-",
  "x-edge-",
  "x-envoy-",
  "x-fastly-",
  "x-fd-",
  "x-fly-",
  "x-forwarded",
  "x-gfe-",
  "x-goog-authenticated-user-",
  "x-goog-iap-",
  "x-google-",
  "x-heroku-",
  "x-incap-",
  "x-istio-",
  "x-kong-",
  "x-localtunnel-",
  "x-ms-devtunnel-",
  "x-nf-",
  "x-ngrok-",
  "x-original-",
  "x-pagekite-",
  "x-proxied-",
  "x-railway-",
  "x-render-",
  "x-sucuri-",
  "x-traefik-",
  "x-tunnel-",
  "x-vercel-forwarded",
  "x-vercel-id",
  "x-vercel-ip-",
  "x-vercel-proxied",
  "x-zrok-",
];

const prefix = new RegExp(`^(?:${prefixes.join("|")})`);

/** The name of a header that only a forwarded request has. */
export function forwardingHeader(headers: IncomingHttpHeaders): string | undefined {
  for (const name in headers) if (names.has(name) || prefix.test(name)) return name;
  return undefined;
}
