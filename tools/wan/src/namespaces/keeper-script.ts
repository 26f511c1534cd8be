/**
 * A shell that makes the network namespaces named by its parameters, says `ready`, and waits for the end of its input: when
 * the process that started it closes the pipe, or dies of whatever, the namespaces go, with every process left inside.
 * Names that existed before are not touched. Deaf to the signals that end a foreground job, and to a pipe that closed before `ready`.
 */
export const KEEPER_SCRIPT = `
trap '' INT TERM HUP PIPE
made=
clean() {
  for name in $made; do
    for signal in TERM KILL; do
      round=0
      while [ $round -lt 20 ]; do
        inside=$(ip netns pids "$name")
        [ -n "$inside" ] || break
        [ $round -gt 0 ] || kill -$signal $inside
        sleep 0.05
        round=$((round + 1))
      done
    done
    ip netns delete "$name"
  done
} 2>/dev/null
for name; do
  if ip netns add "$name"; then made="$made $name"; else clean; exit 1; fi
done
echo ready
while read -r line; do :; done
clean
`;
