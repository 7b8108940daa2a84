import { jestProject } from '../jest/project.mjs';

export default jestProject(import.meta.url);
