import { describe, expect, it } from 'vitest';
import { LimiterMeter } from './limiter-meter.ts';

describe('LimiterMeter', () => {
  it('names what held the sender back for most of the last second', () => {
    const meter = new LimiterMeter();
    meter.note(0, 'congestion');
    meter.note(400_000, 'peer-credit');
    meter.note(1_000_000, 'application');
    expect(meter.latest).toBe('peer-credit');
    meter.note(1_900_000, 'none');
    meter.note(2_000_000, 'none');
    expect(meter.latest).toBe('application');
  });

  it('says nothing before a second has passed', () => {
    const meter = new LimiterMeter();
    meter.note(0, 'congestion');
    meter.note(900_000, 'congestion');
    expect(meter.latest).toBe('none');
  });
});
