//! What cargo calls to run tests compiled to wasm: the runner of wasm-bindgen, in the version that `Cargo.lock` pins
//! together with wasm-bindgen itself, so that nothing has to be installed and the two can never differ.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
