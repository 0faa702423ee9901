import { Controller, Get } from '@nestjs/common';
import { Public } from '../http/access.decorators.js';
import { VERSION } from './version.js';

const SIGNPOST = { name: 'rollgate', version: VERSION, links: ['/healthz', '/readyz', '/metrics'] } as const;

@Controller()
export class RootController {
  @Get()
  @Public('says only what this is and where to look')
  signpost(): typeof SIGNPOST {
    return SIGNPOST;
  }
}
