import 'reflect-metadata';

/** The API as a part of other processes: tests and the development stack start it with `startApi`. */
export { API_SETTINGS, type ApiConfig, readApiConfig } from './api-config.ts';
export { type RunningApi, type StartApiOptions, startApi } from './start-api.ts';
