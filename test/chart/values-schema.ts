/** deploy/helm/values.schema.json: what each value of the chart means and may be. The services' settings come from their code. */
import { plainSettings, settingsSchema, sharedSettings } from './chart-settings.ts';
import {
  closed,
  flag,
  kubernetesList,
  kubernetesObject,
  objectName,
  oneOf,
  port,
  type Schema,
  text,
  whole,
  words,
} from './schema-words.ts';
import { gateway, importerPolicy, ingress, networkPolicy } from './ways-schema.ts';

const CLUSTER_ID = '^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$';

const secretKey = (description: string): Schema =>
  closed(description, { name: objectName('Name of the Secret.'), key: text('Key in it.', { minLength: 1 }) });

const requiredSecretKey = (description: string): Schema =>
  closed(description, {
    name: text('Name of the Secret.', { minLength: 1, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }),
    key: text('Key in it.', { minLength: 1 }),
  });

const certificate = (description: string): Schema =>
  closed(description, {
    secretName: objectName('Name of the Secret, of type kubernetes.io/tls as cert-manager makes it.'),
    certificate: text('Key of the certificate with its chain.'),
    key: text('Key of its key.'),
  });

const image = (what: string): Schema =>
  closed(`Image of ${what}.`, {
    repository: text('Path in the registry.', { minLength: 1 }),
    tag: text('Tag; without it the version of the chart’s app.'),
    digest: text('Digest (sha256:…), which wins over the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
  });

const images = closed('The images, made by the repository’s Dockerfile.', {
  registry: text('Registry and folder that stand before each repository, as registry.example.org/compute.'),
  pullPolicy: oneOf('When images are pulled.', ['Always', 'IfNotPresent', 'Never']),
  pullSecrets: { type: 'array', items: { type: 'string' }, description: 'Names of Secrets for the registry.' },
  api: image('the API'),
  worker: image('the workers'),
  migrations: image('the migrations'),
});

const secrets = closed('Where secrets are: names and keys of Secrets that are there. They are mounted as files.', {
  database: requiredSecretKey('DATABASE_URL of the services.'),
  secretsKey: requiredSecretKey('SECRETS_KEY, 32 bytes in base64.'),
  otherSecretsKeys: secretKey('OTHER_SECRETS_KEYS, while the key is changed.'),
  redis: secretKey('REDIS_URL of the workers.'),
  migrationDatabase: secretKey('DATABASE_URL of the migrations, where another role owns the tables.'),
  prometheus: secretKey('PROMETHEUS_URL of the workers.'),
  traces: secretKey('OTEL_EXPORTER_OTLP_ENDPOINT of both services.'),
});

/** Where the pods of a service run, and how many may be away. */
const placement = {
  resources: kubernetesObject('Requests and limits of the container.'),
  disruptionBudget: closed('How many pods a drain may take at once.', {
    enabled: flag('Whether there is a budget.'),
    maxUnavailable: { type: ['integer', 'string'], description: 'Pods, a number or a percentage.' },
  }),
  spread: flag('Whether pods are spread over zones and nodes as far as there are some.'),
  priorityClassName: objectName('Priority class of the pods.'),
  nodeSelector: words('Labels of the nodes.'),
  tolerations: kubernetesList('Tolerations of the pods.'),
  affinity: kubernetesObject('Affinity of the pods.'),
  serviceAccountAnnotations: words('Annotations of the service account.'),
};

const service = (what: string, more: Record<string, Schema> = {}): Schema =>
  closed(`Service of ${what}.`, {
    type: oneOf('Type of the Service.', ['ClusterIP', 'NodePort', 'LoadBalancer']),
    port: port('Port of the Service.'),
    annotations: words('Annotations of the Service.'),
    ...more,
  });

const api = (): Schema =>
  closed('The API.', {
    enabled: flag('Whether this release has an API; false for one that only has workers.'),
    replicas: whole('Pods, without autoscaling.', 0),
    settings: settingsSchema('Settings of the API by their variables.', plainSettings('api')),
    ports: closed('Ports of the container.', {
      rest: port('REST, health and metrics (REST_PORT).'),
      grpc: port('gRPC (GRPC_PORT).'),
      kube: port('kubectl (KUBE_PORT).'),
    }),
    tls: certificate('Certificate of REST and gRPC; without it both are plain.'),
    grpcClientCa: closed('Authorities of gRPC clients; with them clients need a certificate (mTLS).', {
      secretName: objectName('Name of the Secret.'),
      key: text('Key of the PEM file.'),
    }),
    kubeTls: certificate('Certificate for kubectl; without it nothing is served for kubectl.'),
    services: closed('One Service for each face.', {
      rest: service('REST'),
      grpc: service('gRPC', {
        headless: flag('Whether clients see each pod and spread their calls themselves; needs type ClusterIP.'),
      }),
      kube: service('kubectl’s face'),
    }),
    preStopSeconds: whole('How long balancers have to forget a pod before it stops.', 0, 60),
    autoscaling: closed('Pods by use of CPU.', {
      enabled: flag('Whether pods are added and taken.'),
      minReplicas: whole('Pods at least.', 1),
      maxReplicas: whole('Pods at most.', 1),
      cpuPercent: whole('Use of the requested CPU that is aimed at.', 1, 100),
    }),
    ...placement,
  });

const worker = (): Schema =>
  closed('What the workers of all clusters have in common.', {
    settings: settingsSchema('Settings of the workers by their variables.', plainSettings('worker')),
    metricsPort: port('Health and metrics (METRICS_PORT).'),
    autoscaling: closed('Workers by the age of the queue.', {
      kind: oneOf('KEDA’s ScaledObject, a HorizontalPodAutoscaler on an external metric, or none.', [
        'none',
        'keda',
        'hpa',
      ]),
      minReplicas: whole('Pods at least.', 1),
      maxReplicas: whole('Pods at most.', 1),
      queueAgeSeconds: whole('Age of the oldest waiting job that is aimed at.', 1),
      prometheusUrl: text('Prometheus that KEDA asks.', { pattern: '^(https?://.+)?$' }),
    }),
    ...placement,
  });

const clusters = (): Schema => ({
  type: 'array',
  description: 'The clusters that workers of this release drive; empty for a release that has only the API.',
  items: closed(
    'A cluster.',
    {
      id: text('The name by which projects are placed on it (CLUSTER_ID).', { pattern: CLUSTER_ID }),
      replicas: whole('Workers, without autoscaling.', 0),
      kubeconfig: {
        ...requiredSecretKey('How it is reached (KUBECONFIG); without it, it is the cluster that the pods run in.'),
        required: ['name', 'key'],
      },
      settings: settingsSchema('Settings of its workers alone.', plainSettings('worker')),
      resources: kubernetesObject('Requests and limits of its workers alone.'),
    },
    { required: ['id', 'replicas'] },
  ),
});

const monitoring = closed('For Prometheus’ operator and Grafana.', {
  monitors: closed('A ServiceMonitor for the API, a PodMonitor for the workers.', {
    enabled: flag('Whether there are any.'),
    labels: words('Labels that the operator selects by.'),
    interval: text('How often is scraped.', { pattern: '^[0-9]+(ms|s|m)$' }),
    tls: kubernetesObject('tlsConfig of the ServiceMonitor, where REST has TLS.'),
  }),
  rules: closed('deploy/monitoring/rules.yaml as a PrometheusRule.', {
    enabled: flag('Whether there is one.'),
    labels: words('Labels that the operator selects by.'),
    runbooksUrl: text('Address of docs/runbooks.md, for the alerts’ links.'),
  }),
  dashboard: closed('deploy/monitoring/dashboard.json as a ConfigMap.', {
    enabled: flag('Whether there is one.'),
    labels: words('Labels that Grafana’s sidecar selects by.'),
    annotations: words('Annotations, for the sidecar’s folder.'),
  }),
});

const migrations = closed('The job that migrates the database before anything else is changed.', {
  enabled: flag('Whether there is one; without it, migrate before each upgrade.'),
  backoffLimit: whole('Attempts after the first.', 0),
  deadlineSeconds: whole('How long it may take.', 1),
  keepSeconds: whole('How long it stays to be read after its end.', 0),
  resources: placement.resources,
  serviceAccountAnnotations: placement.serviceAccountAnnotations,
});

/** The whole schema. */
export function valuesSchema(): Schema {
  const properties = {
    global: kubernetesObject('What a parent chart gives; not read.'),
    nameOverride: text('Name in place of the chart’s.'),
    fullnameOverride: text('First part of all names, in place of the release’s; 24 letters at most.'),
    labels: words('Labels of all objects.'),
    images,
    secrets,
    settings: settingsSchema('Settings of both services by their variables.', sharedSettings()),
    bindHost: oneOf('Address that the services listen on (BIND_HOST).', ['0.0.0.0', '::']),
    catalogue: kubernetesObject('What is added to the built-in catalogue (CATALOGUE_FILE), as in docs/catalogue.md.'),
    quotaDefaults: {
      description:
        'Limits of projects that nobody set (QUOTA_DEFAULTS_FILE), as in docs/quotas.md, or the word unlimited.',
      oneOf: [{ type: 'object' }, { const: 'unlimited' }],
    },
    extraCa: closed('Authorities that the services trust besides the usual ones.', {
      configMapName: objectName('Name of the ConfigMap.'),
      key: text('Key of the PEM file.'),
    }),
    pod: closed('What all pods have in common.', {
      runAsUser: { type: ['integer', 'null'], minimum: 1, description: 'User; null where the platform chooses.' },
      runAsGroup: { type: ['integer', 'null'], minimum: 1, description: 'Group, also of mounted files.' },
      annotations: words('Annotations of the pods.'),
    }),
    migrations,
    api: api(),
    worker: worker(),
    clusters: clusters(),
    rbac: closed('What workers may do in the cluster that the release is in.', {
      create: flag('Whether the role of deploy/cluster/worker-role.yaml is made and bound.'),
      forRemoteWorkers: flag('Whether it is made for workers that run elsewhere.'),
    }),
    ingress,
    gateway,
    networkPolicy,
    importerPolicy,
    monitoring,
  };
  const title = 'Values of the chart';
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...closed('See docs/chart-values.md.', properties),
  };
}
