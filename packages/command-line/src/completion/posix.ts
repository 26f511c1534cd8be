import { type CompletedCommand, completionTables, type Rule } from './completed-command.ts';

/**
 * What bash and zsh read alike. `_PROGRAM_scan WORD…` goes through the words before the one to be completed, and
 * `_PROGRAM_offer WORD` sets `offered` for that one; empty: the shell's own files. Their variables are the caller's, who makes them local.
 */
export function posixFunctions(program: string, command: CompletedCommand): string {
  const { options, commands, offers } = completionTables(program, command);
  const own = functionName(program);
  return `${own}_scan() {
  local word
  command="${program}" kind="" values=""
  for word in "$@"; do
    case "$word" in
    # bash parts --name=value in three.
    "=") ;;
    -?*=*) ${own}_option "\${word%%=*}"; [ "$kind" = many ] || kind="" ;;
    -?*) ${own}_option "$word" ;;
    *)
      case "$kind" in
      many) continue ;;
      one) kind=""; continue ;;
      known) kind=""; case " $values " in *" $word "*) continue ;; esac ;;
      esac
      ${own}_command "$word" ;;
    esac
  done
}
${own}_command() {
  case "$command $1" in
${cases(commands, (path) => `command="${path}"`)}
  esac
}
${own}_option() {
  kind="" values=""
  case "$command $1" in
${cases(options, ({ takes, values = [] }) => `kind=${takes} values="${values.join(' ')}"`)}
  esac
}
${own}_offer() {
  local switches="" others=""
  case "$command" in
${cases(offers, (offer) => `switches="${offer.options.join(' ')}" others="${offer.others.join(' ')}"`)}
  esac
  case "$kind $1" in
  one*) offered="$values" ;;
  *" -"*) offered="$switches" ;;
  many*) offered="$values" ;;
  known*) offered="$values $others" ;;
  *) offered="$others" ;;
  esac
}
`;
}

export function functionName(program: string): string {
  return `_${program.replaceAll('-', '_')}`;
}

function cases<Outcome>(rules: readonly Rule<Outcome>[], then: (outcome: Outcome) => string): string {
  return rules
    .map(({ patterns, outcome }) => `  ${patterns.map(quoted).join('|')}) ${then(outcome)} ;;`)
    .join('\n');
}

function quoted(pattern: string): string {
  return pattern.startsWith('*') ? `*"${pattern.slice(1)}"` : `"${pattern}"`;
}
