//! `tagwire schema`.

use tagwire::graphql::Api;

pub fn run() {
    super::print(Api::sdl().trim_end());
}
