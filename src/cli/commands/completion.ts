import { Argument, type Command } from 'commander';
import { EXIT } from '../../operations/exit-codes.js';
import { type AddCommand, withExamples } from './add-command.js';

type Shell = 'bash' | 'zsh' | 'fish';

/** The argument with which the scripts ask for the names in the fleet file. */
const CLUSTERS = 'clusters';

export const addCompletion: AddCommand = (program, action) => {
  const command = program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Print a script that completes commands, options and clusters in bash, zsh or fish.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', CLUSTERS]));
  withExamples(
    command,
    'source <(backfill completion bash)',
    'source <(backfill completion zsh)',
    'backfill completion fish > ~/.config/fish/completions/backfill.fish',
  ).action(
    action<[string], object>(async (context, [shell]) => {
      const { stdout } = context.surroundings;
      if (shell === CLUSTERS) {
        const { clusters } = await context.fleet();
        stdout.write(clusters.map(({ name }) => `${name}\n`).join(''));
      } else stdout.write(scripts[shell as Shell](wordsOf(program)));
      return EXIT.done;
    }),
  );
};

interface Words {
  readonly name: string;
  readonly summary: string;
  /** Long options with their descriptions, the global ones included. */
  readonly options: readonly { flag: string; about: string }[];
  /** Its subcommands: `create` of `schedule`. */
  readonly commands: readonly string[];
}

function wordsOf(program: Command): Words[] {
  const optionsOf = (command: Command) =>
    command.options.flatMap(({ long, description }) => (long ? [{ flag: long, about: description }] : []));
  const help = { flag: '--help', about: 'show help' };
  return program.commands.map((command) => {
    const own = [command, ...command.commands].flatMap(optionsOf);
    return {
      name: command.name(),
      summary: command.summary() || command.description(),
      options: distinct([...own, ...optionsOf(program), help]),
      commands: command.commands.map((inner) => inner.name()),
    };
  });
}

const distinct = (options: Words['options']) =>
  options.filter(({ flag }, i) => options.findIndex((other) => other.flag === flag) === i);

const flagsOf = ({ options }: Words) => options.map(({ flag }) => flag).join(' ');
const namesOf = (commands: readonly Words[]) => commands.map(({ name }) => name).join(' ');
/** In single quotes, for any of these shells. */
const quoted = (text: string) => `'${text.replaceAll("'", '’')}'`;

/** For clusters, each script calls the command itself, with the --fleet that was typed. */
const scripts: Record<Shell, (commands: readonly Words[]) => string> = {
  bash: (commands) => `_backfill() {
  local word=\${COMP_WORDS[COMP_CWORD]} command='' fleet=() i words='' inner=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --fleet) fleet=(--fleet "\${COMP_WORDS[++i]}") ;;
      -*) ;;
      *) [[ -n $command ]] || command=\${COMP_WORDS[i]} ;;
    esac
  done
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    --fleet | --input | --out) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --output) COMPREPLY=($(compgen -W 'table json' -- "$word")); return ;;
  esac
  case $command in
    '') words='${namesOf(commands)} --fleet --output --yes --help' ;;
    completion) words='bash zsh fish' ;;
${commands
  .filter(({ name }) => name !== 'completion')
  .map((command) => `    ${command.name}) words='${flagsOf(command)}' inner='${command.commands.join(' ')}' ;;`)
  .join('\n')}
  esac
  if [[ -n $command && $command != completion && $word != -* ]]; then
    words="$inner $("\${COMP_WORDS[0]}" "\${fleet[@]}" completion clusters 2>/dev/null)"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _backfill backfill
`,
  zsh: (commands) => `#compdef backfill
autoload -Uz +X bashcompinit && bashcompinit
${scripts.bash(commands)}`,
  fish: (commands) => `complete -c backfill -f
complete -c backfill -l fleet -r -F -d 'the fleet file'
complete -c backfill -l input -r -F
complete -c backfill -l out -r -F
complete -c backfill -l output -x -a 'table json' -d 'output format'
${commands
  .flatMap(({ name, summary, options, commands: inner }) => [
    `complete -c backfill -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...inner.map((word) => `complete -c backfill -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
    ...options
      .filter(({ flag }) => !['--fleet', '--output'].includes(flag))
      .map(
        ({ flag, about }) =>
          `complete -c backfill -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d ${quoted(about)}`,
      ),
  ])
  .join('\n')}
complete -c backfill -n 'not __fish_use_subcommand; and not __fish_seen_subcommand_from completion' -a '(backfill completion clusters 2>/dev/null)'
complete -c backfill -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
`,
};
