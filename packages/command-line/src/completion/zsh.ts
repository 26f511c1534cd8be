import type { CompletedCommand } from './completed-command.ts';
import { functionName, posixFunctions } from './posix.ts';

export function zshScript(program: string, command: CompletedCommand): string {
  const own = functionName(program);
  return `whence compdef >/dev/null || { autoload -Uz compinit; compinit; }
${posixFunctions(program, command)}${own}() {
  local command kind values offered
  ${own}_scan "\${(@)words[2,CURRENT-1]}"
  if [[ "$PREFIX" == -?*=* ]]; then
    ${own}_option "\${PREFIX%%=*}"
    kind=one
    compset -P '*='
  fi
  ${own}_offer "$PREFIX"
  if [[ -n "$offered" ]]; then compadd -- \${=offered}; else _files; fi
}
compdef ${own} ${program}
`;
}
