/** gRPC as an internal service speaks it, with the generated client. */
import { type ChannelCredentials, type ClientUnaryCall, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

type Reply<T> = (error: ServiceError | null, value: T) => void;

export const grpcCall = {
  connection: (address: string): [string, ChannelCredentials] => [address, credentials.createInsecure()],

  authorised: (apiKey: string): Metadata => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${apiKey}`);
    return metadata;
  },

  /** A call of the generated client as a promise. */
  unary: <T>(call: (reply: Reply<T>) => ClientUnaryCall): Promise<T> =>
    new Promise((resolve, reject) => {
      call((error, value) => (error ? reject(error) : resolve(value)));
    }),
};
