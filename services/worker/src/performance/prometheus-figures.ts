/**
 * Network and disk of machines out of a Prometheus that scrapes KubeVirt: one query for all machines.
 *
 * The series are KubeVirt's own. A rate needs two scrapes, so a machine that just came up is absent; that is no 0.
 */
import { isRecord } from './plain-record.ts';

/** Long enough for a scrape interval of a minute. */
const WINDOW = '3m';
const TIMEOUT_MS = 10_000;

const SERIES = {
  networkReceiveBytesPerSecond: 'kubevirt_vmi_network_receive_bytes_total',
  networkTransmitBytesPerSecond: 'kubevirt_vmi_network_transmit_bytes_total',
  diskReadBytesPerSecond: 'kubevirt_vmi_storage_read_traffic_bytes_total',
  diskWriteBytesPerSecond: 'kubevirt_vmi_storage_write_traffic_bytes_total',
} as const;

type TrafficFigure = keyof typeof SERIES;
export type Traffic = { readonly [F in TrafficFigure]?: number };

/** Bytes per second by figure, namespace and machine. */
export const TRAFFIC_QUERY = Object.entries(SERIES)
  .map(
    ([figure, series]) =>
      `label_replace(sum by (namespace, name) (rate(${series}[${WINDOW}])), "figure", "${figure}", "", "")`,
  )
  .join(' or ');

/** The key of a machine in what `readTraffic` gives. */
export const machineKey = (namespace: string, name: string): string => `${namespace}/${name}`;

/** By `machineKey`. Throws when Prometheus does not answer or refuses the query. */
export async function readTraffic(prometheusUrl: string): Promise<ReadonlyMap<string, Traffic>> {
  const response = await fetch(`${prometheusUrl.replace(/\/+$/, '')}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: TRAFFIC_QUERY }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`Prometheus answered ${response.status} to the query for traffic`);
  return trafficOf(await response.json());
}

function trafficOf(answer: unknown): Map<string, Traffic> {
  const data = isRecord(answer) ? answer.data : undefined;
  const result = isRecord(data) ? data.result : undefined;
  if (!Array.isArray(result)) throw new Error('Prometheus answered with something else than a vector');
  const machines = new Map<string, Traffic>();
  for (const series of result) {
    const { metric, value } = isRecord(series) ? series : {};
    if (!isRecord(metric) || !Array.isArray(value)) continue;
    const { namespace, name, figure } = metric;
    const rate = Number(value[1]);
    if (typeof namespace !== 'string' || typeof name !== 'string' || !isFigure(figure) || !Number.isFinite(rate))
      continue;
    const key = machineKey(namespace, name);
    machines.set(key, { ...machines.get(key), [figure]: rate });
  }
  return machines;
}

const isFigure = (word: unknown): word is TrafficFigure => typeof word === 'string' && Object.hasOwn(SERIES, word);
