// npm start without its set-up, for a project folder of the test's choice.
import { start } from '../dist/start/start.js';

await start({
  projectFolder: process.env.TEST_PROJECT_FOLDER,
  env: process.env,
  demo: process.env.TEST_DEMO === 'yes',
});
