import { expect } from 'vitest';
import type { TestApiServer } from './test-api-server.ts';

/** Whatever was done to it, it goes on. */
export async function expectUndisturbed(test: TestApiServer, token: string): Promise<void> {
  expect((await test.call('echo', { message: 'still here' }, token)).body).toEqual({ message: 'still here' });
  expect(test.faults).toEqual([]);
}
