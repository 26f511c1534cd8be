import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { HandleCache } from './handle-cache.ts';

class Handle {
  open = true;
  readonly closeError: Error | undefined;

  constructor(closeError?: Error) {
    this.closeError = closeError;
  }

  close(): void {
    this.open = false;
    if (this.closeError) throw this.closeError;
  }
}

const outOfDescriptors = () => new JetStreamError('too-many-open-files', 'no descriptor is left');

describe('HandleCache', () => {
  it('opens once, and closes what was used least recently', () => {
    const cache = new HandleCache(2);
    const [a, b, c] = [{}, {}, {}];
    const opened = new Map([a, b, c].map((key) => [key, new Handle()]));
    const use = (key: object) => cache.use(key, () => opened.get(key)!);
    use(a);
    use(b);
    use(a);
    use(c);
    expect([a, b, c].map((key) => opened.get(key)!.open)).toEqual([true, false, true]);
    cache.drop(a);
    cache.closeAll();
    expect([a, b, c].map((key) => opened.get(key)!.open)).toEqual([false, false, false]);
  });

  it('closes all and tries once more when there are no descriptors', () => {
    const cache = new HandleCache(10);
    const held = cache.use({}, () => new Handle());
    const handle = cache.use({}, () => {
      if (held.open) throw outOfDescriptors();
      return new Handle();
    });
    expect(handle.open).toBe(true);
  });

  it('gives up when there is nothing left to close, or on another error', () => {
    const cache = new HandleCache(10);
    let attempts = 0;
    const fail = (error: Error) => () => {
      attempts++;
      throw error;
    };
    expect(() => cache.attempt(fail(outOfDescriptors()))).toThrow('no descriptor');
    cache.use({}, () => new Handle());
    expect(() => cache.attempt(fail(new Error('other')))).toThrow('other');
    expect(attempts).toBe(2);
  });

  it('does not tell whoever makes room of an error of closing', () => {
    const cache = new HandleCache(1);
    const failing = cache.use({}, () => new Handle(new Error('quota')));
    expect(cache.use({}, () => new Handle()).open).toBe(true);
    expect(failing.open).toBe(false);
  });
});
