import { describe, expect, it } from 'vitest';
import { BlockMemory } from './block-memory.ts';

describe('memory of blocks', () => {
  it('has as many blocks as it was given, and uses them again', () => {
    const memory = new BlockMemory(2);
    const blocks = [memory.acquire()!, memory.acquire()!];
    expect(memory.acquire()).toBeUndefined();
    memory.release(blocks[0]!);
    expect(memory.acquire()).toBe(blocks[0]);
  });

  it('tells those who wait in their order, and the next when one does not take what came free', () => {
    const memory = new BlockMemory(1);
    const only = memory.acquire()!;
    const told: string[] = [];
    memory.await(() => told.push('who has stopped'));
    const gone = () => told.push('never');
    memory.await(gone);
    memory.forget(gone);
    memory.await(() => {
      memory.acquire();
      told.push('first');
    });
    memory.await(() => told.push('second'));
    memory.release(only);
    expect(told).toEqual(['who has stopped', 'first']);
    memory.release(only);
    expect(told).toEqual(['who has stopped', 'first', 'second']);
  });
});
