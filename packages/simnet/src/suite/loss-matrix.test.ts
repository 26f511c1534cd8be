import { describe, it } from 'vitest';
import { BBR_LOSS_MATRIX, CUBIC_LOSS_MATRIX } from '../scenarios/loss-matrix.ts';
import { prove } from '../testing/prove.ts';

describe('BBR fills the path whatever its delay and random loss', () => {
  for (const scenario of BBR_LOSS_MATRIX) it(scenario.name, () => void prove(scenario));
});

describe('CUBIC does what its response to loss allows', () => {
  for (const scenario of CUBIC_LOSS_MATRIX) it(scenario.name, () => void prove(scenario));
});
