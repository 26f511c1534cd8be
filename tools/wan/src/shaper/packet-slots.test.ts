import { describe, expect, it } from 'vitest';
import { NO_SLOT, PacketSlots } from './packet-slots.ts';

describe('places for packets', () => {
  it('are given out until there are no more', () => {
    const slots = new PacketSlots(3);
    expect([1, 2, 3, 4].map(() => slots.allocate())).toEqual([0, 1, 2, NO_SLOT]);
    slots.release(1);
    expect([slots.allocate(), slots.allocate(), slots.used]).toEqual([1, NO_SLOT, 3]);
  });

  it('touch no new memory while an old place is free', () => {
    const slots = new PacketSlots(100);
    for (let i = 0; i < 50; i++) {
      const slot = slots.allocate();
      expect(slot).toBe(0);
      slots.release(slot);
    }
  });

  it('are free when the last holder lets go', () => {
    const slots = new PacketSlots(2);
    const slot = slots.allocate();
    slots.hold(slot);
    slots.release(slot);
    expect(slots.used).toBe(1);
    slots.release(slot);
    expect(slots.used).toBe(0);
  });
});
