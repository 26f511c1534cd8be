/**
 * CPU seconds of the ended children of a shell.
 * @param printed by POSIX `times`: user and system time of the shell, and in a second line those of its children
 */
export function cpuSecondsOfTimes(printed: string): number {
  const children = printed.trim().split('\n')[1] ?? '';
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (seconds, [, minutes, rest]) => seconds + Number(minutes) * 60 + Number(rest),
    0,
  );
}
