export { type ImageServer, type ImageServerOptions, startImageServer } from './images/image-server.ts';
