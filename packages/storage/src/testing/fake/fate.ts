/**
 * Decides at a power cut which of the states that a thing had since it was last durable is the one found on the disk.
 * @param states how many there are; 0 is the durable one, `states - 1` the newest
 */
export type Fate = (states: number) => number;

/** Whatever was not synced is lost. */
export const allLost: Fate = () => 0;

/** All had reached the disk. */
export const allKept: Fate = (states) => states - 1;

/** Each thing by itself, but in some crashes, or for some files, all or nothing: what happens most. */
export function randomFate(random: () => number): Fate {
  const mood = random();
  if (mood < 0.2) return allLost;
  if (mood < 0.4) return allKept;
  return (states) => Math.floor(random() * states);
}
