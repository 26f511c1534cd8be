import { type CompletedCommand, completionTables, type Rule } from './completed-command.ts';
import { functionName } from './posix.ts';

/** The same as of bash and zsh, in the words of fish. `-S` leaves the variables of the caller to a function. */
export function fishScript(program: string, command: CompletedCommand): string {
  const { options, commands, offers } = completionTables(program, command);
  const own = `_${functionName(program)}`;
  return `function ${own}_command -S
  switch "$command $argv[1]"
${cases(commands, (path) => `set command '${path}'`)}
  end
end
function ${own}_option -S
  set kind ''
  set values
  switch "$command $argv[1]"
${cases(options, ({ takes, values = [] }) => `set kind ${takes}; set values ${values.join(' ')}`)}
  end
end
function ${own}_complete
  set -l command ${program}
  set -l kind ''
  set -l values
  set -l words (commandline -opc)
  for word in $words[2..]
    if string match -qr -- '^-.+=' $word
      ${own}_option (string replace -r '=.*' '' -- $word)
      test "$kind" = many; or set kind ''
    else if string match -qr -- '^-.' $word
      ${own}_option $word
    else
      switch "$kind"
        case many
          continue
        case one
          set kind ''
          continue
        case known
          set kind ''
          contains -- $word $values; and continue
      end
      ${own}_command $word
    end
  end
  set -l current (commandline -ct)
  set -l before ''
  if string match -qr -- '^-.+=' $current
    set before (string replace -r '=.*' '=' -- $current)
    ${own}_option (string replace -r '=.*' '' -- $current)
    set kind one
    set current (string replace -r '^[^=]*=' '' -- $current)
  end
  set -l switches
  set -l others
  switch "$command"
${cases(offers, (offer) => `set switches ${offer.options.join(' ')}; set others ${offer.others.join(' ')}`)}
  end
  set -l offered $others
  if test "$kind" != one; and string match -q -- '-*' $current
    set offered $switches
  else if test "$kind" = known
    set -p offered $values
  else if test -n "$kind"
    set offered $values
  end
  set -q offered[1]; or set offered (__fish_complete_path $current)
  printf '%s\\n' $before$offered
end
complete -c ${program} -f -a '(${own}_complete)'
`;
}

function cases<Outcome>(rules: readonly Rule<Outcome>[], then: (outcome: Outcome) => string): string {
  return rules
    .map(
      ({ patterns, outcome }) => `    case ${patterns.map((pattern) => `'${pattern}'`).join(' ')}
      ${then(outcome)}`,
    )
    .join('\n');
}
