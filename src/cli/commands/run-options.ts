import { type Command, InvalidArgumentError, Option } from 'commander';
import { rangeNamed } from '../../runs/run-names.js';

/** Adds the options that `findRun` reads. */
export const withRunOptions = (command: Command): Command =>
  command
    .addOption(new Option('--run <workflow id>', 'this run, by its exact workflow id').conflicts('range'))
    .addOption(
      new Option('--range <range>', 'the run of this range: 2026-01, or 2026-01-05--2026-01-20').argParser((text) => {
        if (rangeNamed(text)) return text;
        throw new InvalidArgumentError('Expected a month such as 2026-01, or days such as 2026-01-05--2026-01-20.');
      }),
    );
