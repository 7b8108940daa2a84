import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { metricDefinitions } from './definitions.ts';
import type { MetricDefinition, MetricName } from './definitions.ts';

type Labels = Readonly<Record<string, string>>;

/** The metrics of one process, in Prometheus' text form. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  /** @param process also the metrics of the Node process (CPU, memory, event loop) */
  constructor(options: { readonly process: boolean } = { process: false }) {
    if (options.process) collectDefaultMetrics({ register: this.#registry });
    for (const [name, definition] of Object.entries(metricDefinitions)) {
      this.#metrics.set(name, create(name, definition, this.#registry));
    }
  }

  /** Adds to a counter. */
  add(name: MetricName, labels: Labels, amount: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, amount);
    else throw new TypeError(`${name} is no counter`);
  }

  /** Sets a gauge. */
  set(name: MetricName, labels: Labels, value: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set(labels, value);
    else throw new TypeError(`${name} is no gauge`);
  }

  /** Observes a value for a histogram. */
  observe(name: MetricName, labels: Labels, value: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(labels, value);
    else throw new TypeError(`${name} is no histogram`);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text exposition format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function create(
  name: string,
  definition: MetricDefinition,
  registry: Registry,
): Counter | Gauge | Histogram {
  const { help, kind, buckets } = definition;
  const options = { name, help, labelNames: [...definition.labels], registers: [registry] };
  switch (kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(buckets ?? [])] });
  }
}
