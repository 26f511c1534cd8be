import type { Bound, Interval } from '../cases/case.ts';

type Unit = Bound<never>['unit'];

const WORDS: Record<Unit, (value: number) => string> = {
  share: (value) => `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`,
  ratio: (value) => `${value.toFixed(2)}×`,
  BDP: (value) => `${value.toFixed(2)} BDP`,
  MB: (value) => `${value.toFixed(0)} MB`,
  s: (value) => `${value.toFixed(2)} s`,
  B: (value) => `${value.toFixed(1)} B`,
  index: (value) => value.toFixed(3),
};

export function quantity(value: number, unit: Unit): string {
  return WORDS[unit](value);
}

export function describeInterval(interval: Interval | undefined, unit: Unit): string {
  if (interval === undefined) return '–';
  const { low, high } = interval;
  if (high === Number.POSITIVE_INFINITY) return `≥ ${quantity(low, unit)}`;
  if (low === Number.NEGATIVE_INFINITY) return `≤ ${quantity(high, unit)}`;
  return `${quantity(low, unit)} to ${quantity(high, unit)}`;
}

export function verdict(value: number, { bound, stretch }: Pick<Bound<never>, 'bound' | 'stretch'>): string {
  const inside = ({ low, high }: Interval): boolean => value >= low && value <= high;
  if (bound === undefined) return inside(stretch) ? 'stretch met' : 'stretch missed';
  if (!inside(bound)) return 'MISSED';
  return inside(stretch) ? 'met, stretch too' : 'met';
}
