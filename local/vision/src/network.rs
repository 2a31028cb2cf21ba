//! One ONNX model with one input and named outputs.

use rten::{LoadError, Model, NodeId, RunError};
use rten_tensor::{NdTensor, Tensor};

/// Why a model gave no output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetworkError {
    #[error("the model could not be loaded: {0}")]
    Load(#[from] LoadError),
    #[error("the model could not be run: {0}")]
    Run(#[from] RunError),
    #[error("the model's output has another type than expected: {0}")]
    Output(#[from] rten::TryFromValueError),
}

/// A loaded model.
pub(crate) struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
}

impl Network {
    /// Loads a model that is part of the program.
    pub(crate) fn load(
        onnx: &'static [u8],
        input: &str,
        output: &str,
    ) -> Result<Self, NetworkError> {
        let model = Model::load_static_slice(onnx)?;
        Ok(Self {
            input: model.node_id(input)?,
            output: model.node_id(output)?,
            model,
        })
    }

    /// A note that came with the model.
    pub(crate) fn note(&self, name: &str) -> Option<&str> {
        self.model.metadata().get(name)
    }

    /// Runs the model on one batch (NCHW or NHWC, as the model has it).
    pub(crate) fn run(&self, batch: NdTensor<f32, 4>) -> Result<Tensor<f32>, NetworkError> {
        let [output] =
            self.model
                .run_n([(self.input, batch.into())].into(), [self.output], None)?;
        Ok(output.try_into()?)
    }
}
