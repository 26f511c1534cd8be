import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A figure that somebody else keeps: read when it is asked for. */
export interface MetricSource {
  /** Without the `jetstream_` that all begin with. Counters end in `_total`. */
  name: string;
  help: string;
  kind: 'counter' | 'gauge';
  labelNames?: readonly string[];
  read(): readonly { value: number; labels?: Readonly<Record<string, string>> }[];
}

/** What `/metrics` tells, in the text format of Prometheus. */
export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #calls: Histogram<'command' | 'status'>;
  readonly contentType = this.#registry.contentType;

  /** @param sources figures of the server */
  constructor(sources: readonly MetricSource[]) {
    const registers = [this.#registry];
    // The delay of the event loop is looked at ten times a second: by default it is a hundred times, which is all that an idle server does.
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    this.#calls = new Histogram({
      name: 'jetstream_api_request_duration_seconds',
      help: 'Time from a command to its answer, by command and HTTP status',
      labelNames: ['command', 'status'],
      buckets: [0.001, 0.01, 0.1, 1, 10, 60],
      registers,
    });
    for (const source of sources) register(source, registers);
  }

  /** @param command a name of the API, of which there are so many: never one that somebody sent */
  called(command: string, status: number, seconds: number): void {
    this.#calls.observe({ command, status: String(status) }, seconds);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#registry.clear();
  }
}

function register({ name, help, kind, labelNames = [], read }: MetricSource, registers: Registry[]): void {
  const shared = { name: `jetstream_${name}`, help, labelNames: [...labelNames], registers };
  if (kind === 'gauge') {
    new Gauge({
      ...shared,
      collect() {
        this.reset();
        for (const { value, labels = {} } of read()) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...shared,
      collect() {
        this.reset();
        for (const { value, labels = {} } of read()) this.inc(labels, value);
      },
    });
  }
}
