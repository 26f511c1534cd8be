import { expect, it } from 'vitest';
import { discoveryCommands } from './discovery.ts';

it('discover packets are refused by name', () => {
  for (const refuse of Object.values(discoveryCommands))
    expect(refuse).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
