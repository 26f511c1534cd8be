import type { MetricSource } from '@jetstream/api/server';
import type { ServiceEvents } from '../events.ts';

/** Counts events by name: log-ins and refusals among them. */
export function eventCounts(events: ServiceEvents): MetricSource {
  const counts = new Map<string, number>();
  events.subscribe(({ _event }) => counts.set(_event, (counts.get(_event) ?? 0) + 1));
  return {
    name: 'events_total',
    help: 'Events by name, e.g. loggedIn and loginRefused',
    kind: 'counter',
    labelNames: ['event'],
    read: () => [...counts].map(([event, value]) => ({ value, labels: { event } })),
  };
}
