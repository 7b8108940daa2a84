import process from 'node:process';
import { createProgram } from './program.ts';

process.exitCode = await createProgram().main(process.argv.slice(2));
