import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NamePacker, TakenNames } from './taken-names.ts';

class Watched extends TakenNames {
  packed = 0;

  override pack(): void {
    this.packed++;
    super.pack();
  }
}

describe('names that are taken', () => {
  it('are known, packed or not, in whatever order directories are used', () => {
    const name = fc.stringMatching(/^[ab✓.]{1,3}$/u);
    const use = fc.record({ directory: fc.nat(3), name, adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 200 }), (uses) => {
        const packer = new NamePacker();
        const directories = Array.from({ length: 4 }, () => ({
          taken: new TakenNames(),
          model: new Set<string>(),
        }));
        for (const { directory, name, adds } of uses) {
          const { taken, model } = directories[directory]!;
          const names = packer.use(taken);
          expect(names.has(name)).toBe(model.has(name));
          if (!adds) continue;
          names.add(name);
          model.add(name);
          expect(names.size).toBe(model.size);
        }
      }),
    );
  });

  it('are packed when more was used since than they are, and not before', () => {
    const packer = new NamePacker();
    const [one, other] = [new Watched(), new TakenNames()];
    for (let index = 0; index < 100; index++) packer.use(one).add(String(index));
    for (let index = 0; index < 100; index++) packer.use(other).add(String(index));
    expect(one.packed).toBe(0);
    packer.use(other);
    expect([one.packed, one.size]).toEqual([1, 0]);
    expect(packer.use(one).has('99')).toBe(true);
    expect(one.size).toBe(100);
  });
});
