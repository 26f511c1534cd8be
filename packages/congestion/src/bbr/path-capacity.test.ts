import { describe, expect, it } from 'vitest';
import { newAckSample } from '../samples.ts';
import { MAX_BW } from './parameters.ts';
import { PathCapacity } from './path-capacity.ts';
import { BbrState } from './state.ts';

const BYTES = 1_400;
const MBIT = 125_000;

function newState(): BbrState {
  return new BbrState({ datagramBytes: BYTES, initialWindowBytes: 32 * BYTES, random: () => 0.5 }, 0, 0);
}

/** One train after another, each as long as the capacity wants it, through links of different rates. */
class Trains {
  readonly capacity = new PathCapacity();
  readonly state = newState();
  #nowUs = 0;
  #number = 0;

  blind(mbit: number, packets = 64): void {
    this.capacity.sendBlindTrain(this.state, packets * BYTES);
    this.#pass(mbit);
  }

  leading(mbit: number, flightBytes: number): void {
    this.capacity.sendLeadingTrain(this.state, flightBytes);
    this.#pass(mbit);
  }

  #pass(mbit: number): void {
    const first = this.#number;
    while (this.capacity.pacingRate(0) > 0) {
      this.capacity.onPacketSent(this.#nowUs, BYTES, this.#number++);
      this.#nowUs += (BYTES * 1e6) / this.capacity.pacingRate(1e9);
    }
    let arrivalUs = this.#nowUs + 50_000;
    for (let number = first; number < this.#number; number++) {
      arrivalUs += (BYTES * 1e6) / (mbit * MBIT);
      this.state.deliveredBytes += BYTES;
      const sample = newAckSample();
      sample.nowUs = arrivalUs;
      sample.arrivalUs = Math.trunc(arrivalUs);
      sample.rttUs = 50_000;
      sample.largestAcked = number;
      sample.deliveredBytes = this.state.deliveredBytes;
      this.capacity.onAck(sample);
    }
    this.#nowUs = arrivalUs;
  }
}

describe('the capacity of a path', () => {
  it('is confirmed by two trains that agree', () => {
    const trains = new Trains();
    trains.blind(100);
    expect(trains.capacity.isConfirmed).toBe(false);
    trains.leading(100, 1e6);
    expect(trains.capacity.isConfirmed).toBe(true);
    expect(trains.capacity.lowRate).toBeLessThan(100 * MBIT);
    expect(trains.capacity.highRate).toBeGreaterThan(100 * MBIT);
  });

  it('is not by two that do not, but by a third that agrees with the second', () => {
    const trains = new Trains();
    trains.blind(300);
    trains.blind(100);
    expect(trains.capacity.isConfirmed).toBe(false);
    trains.blind(100);
    expect(trains.capacity.isConfirmed).toBe(true);
  });

  it('is not by a train too short for its clock', () => {
    const trains = new Trains();
    trains.blind(500, 16);
    trains.blind(500, 16);
    expect(trains.capacity.isConfirmed).toBe(false);
  });

  it('is confirmed by one train when it is remembered', () => {
    const trains = new Trains();
    trains.capacity.remember(110 * MBIT);
    trains.leading(100, 1e6);
    expect(trains.capacity.isConfirmed).toBe(true);
    const changed = new Trains();
    changed.capacity.remember(500 * MBIT);
    changed.leading(100, 1e6);
    expect(changed.capacity.isConfirmed).toBe(false);
  });

  it('is known no worse after a vague train that agrees', () => {
    for (const packets of [20, 24, 32, 64]) {
      const trains = new Trains();
      trains.capacity.remember(100 * MBIT);
      trains.blind(110, packets);
      expect(trains.capacity.isConfirmed).toBe(true);
      expect(trains.capacity.lowRate).toBeGreaterThanOrEqual(80 * MBIT);
      expect(trains.capacity.highRate).toBeLessThanOrEqual(125 * MBIT);
      expect(trains.capacity.lowRate).toBeLessThanOrEqual(trains.capacity.highRate);
    }
  });

  it('has no bound when the link is faster than the train', () => {
    const trains = new Trains();
    trains.capacity.remember(10 * MBIT);
    trains.leading(1_000, 1e6);
    expect(trains.capacity.highRate).toBe(MAX_BW);
    expect(trains.capacity.isConfirmed).toBe(false);
  });

  it('lets a train lead half of a flight at most, and end', () => {
    const { capacity, state } = new Trains();
    capacity.remember(1_000 * MBIT);
    capacity.sendLeadingTrain(state, 100 * BYTES);
    for (let number = 0; number < 50; number++) {
      expect(capacity.pacingRate(0)).toBeGreaterThan(0);
      capacity.onPacketSent(number, BYTES, number);
    }
    expect(capacity.pacingRate(7)).toBe(7);
  });
});
