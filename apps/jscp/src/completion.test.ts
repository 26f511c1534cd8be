import { expect, it } from 'vitest';
import { completion } from './completion.ts';

it('completes options by either name, and values where they are a choice', () => {
  const script = completion('bash');
  expect(script).toMatch(/switches="[^"]*--max-rate -l [^"]*--completion --version --help" others=""/);
  expect(script).toContain('*" --policy") kind=one values="low fair high fixed" ;;');
});
