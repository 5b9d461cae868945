/** The part of the chart's values about ways in and out: Ingresses, routes, network policies. */
import {
  closed,
  flag,
  kubernetesList,
  networks,
  objectName,
  oneOf,
  port,
  type Schema,
  text,
  words,
} from './schema-words.ts';

const route = (what: string, more: Record<string, Schema> = {}): Schema =>
  closed(`Route to ${what}; none without host names.`, {
    hostnames: { type: 'array', items: { type: 'string' }, description: 'Host names.' },
    annotations: words('Annotations of the route.'),
    ...more,
  });

const ingressOf = (what: string): Schema =>
  closed(`Ingress of ${what}; none without a host.`, {
    host: text('Host name.'),
    tlsSecretName: objectName('Secret with the certificate that the controller shows.'),
    annotations: words('Annotations, as the controller wants them (for gRPC: its backend protocol).'),
  });

const peers = (whom: string): Schema =>
  closed(`Way to ${whom}.`, {
    peers: kubernetesList('Peers of a NetworkPolicy; without any, everybody at these ports.'),
    ports: { type: 'array', items: port('A port.'), minItems: 1, description: 'Ports.' },
  });

export const networkPolicy = closed('Network policies: what is not needed does not pass.', {
  enabled: flag('Whether there are any.'),
  from: closed('Who may come in, as peers of a NetworkPolicy; without any, everybody.', {
    rest: kubernetesList('To REST.'),
    grpc: kubernetesList('To gRPC.'),
    kube: kubernetesList('To kubectl’s face.'),
    metrics: kubernetesList('To metrics, also where REST is open to others.'),
  }),
  dns: peers('the name servers'),
  postgres: peers('Postgres'),
  redis: peers('Redis, its Sentinels included'),
  kubeApi: peers('the API servers of the driven clusters'),
  oidc: peers('the issuer of tokens (with OIDC_ISSUER)'),
  prometheus: peers('Prometheus (with secrets.prometheus)'),
  traces: peers('the collector of traces (with secrets.traces)'),
  privateNetworks: networks('Private networks that workers may reach: receivers of webhooks, sources of images.'),
});

export const importerPolicy = closed(
  'What importers of tenants’ images may reach, in the cluster that runs the machines.',
  {
    kind: oneOf('How it is said.', ['none', 'NetworkPolicy', 'CiliumClusterwideNetworkPolicy']),
    namespaces: { type: 'array', items: { type: 'string' }, description: 'Namespaces of projects, for NetworkPolicy.' },
    dnsNamespace: text('Namespace of the name servers.', { minLength: 1 }),
    privateNetworks: networks('Private networks that importers may reach, as a mirror of images.'),
  },
);

export const ingress = closed('Ingresses; health and metrics are not exposed.', {
  className: text('Class of the controller.'),
  rest: ingressOf('REST'),
  grpc: ingressOf('gRPC'),
});

export const gateway = closed('Routes of the Gateway API.', {
  parentRefs: kubernetesList('Gateways that take the routes.'),
  rest: route('REST (HTTPRoute)'),
  grpc: route('gRPC (GRPCRoute)'),
  kube: route('kubectl’s face (TLSRoute, passed through)', { apiVersion: text('Version of TLSRoute.') }),
});
