import { describe, expect, it } from 'vitest';
import { SentBlocks } from './sent-blocks.ts';

const violation = expect.objectContaining({ code: 'protocol-violation' });

describe('SentBlocks', () => {
  it('[PL-3] lets a block be asked for that was only offered, and once more when it was sent', () => {
    const blocks = new SentBlocks();
    blocks.ask(3, true);
    blocks.onSent(3);
    blocks.onAnswered(3);
    blocks.ask(3, true);
    blocks.onAnswered(3);
    expect(() => blocks.ask(3, true)).toThrow(violation);
  });

  it('[PL-3] refuses requests for what was not dealt with yet, or was asked for and not answered', () => {
    const blocks = new SentBlocks();
    expect(() => blocks.ask(3, false)).toThrow(violation);
    blocks.ask(3, true);
    expect(() => blocks.ask(3, true)).toThrow(violation);
  });
});
