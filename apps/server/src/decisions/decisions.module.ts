import { Module } from '@nestjs/common';
import { LimitingModule } from '../limiting/limiting.module.js';
import { DecisionsController } from './decisions.controller.js';

@Module({ imports: [LimitingModule], controllers: [DecisionsController] })
export class DecisionsModule {}
