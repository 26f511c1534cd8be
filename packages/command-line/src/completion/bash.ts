import type { CompletedCommand } from './completed-command.ts';
import { functionName, posixFunctions } from './posix.ts';

export function bashScript(program: string, command: CompletedCommand): string {
  const own = functionName(program);
  return `${posixFunctions(program, command)}${own}() {
  local command kind values offered current="\${COMP_WORDS[COMP_CWORD]}"
  ${own}_scan "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
  case "$current \${COMP_WORDS[COMP_CWORD-1]}" in
  "= "*) kind=one current="" ;;
  *" =") kind=one ;;
  esac
  ${own}_offer "$current"
  COMPREPLY=()
  if [ -n "$offered" ]; then
    # No files where nothing fits. bash 3 has no compopt.
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$offered" -- "$current"))
  fi
}
complete -o default -F ${own} ${program}
`;
}
