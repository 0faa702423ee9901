// npm start without the setup, for a project folder of a test.
import { start } from '../dist/start/start.js';

await start({
  projectFolder: process.env.TEST_PROJECT_FOLDER,
  env: process.env,
  demo: process.env.TEST_DEMO === 'yes',
});
