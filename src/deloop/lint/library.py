"""What calls of PyTorch's functions and methods return, as far as a linter needs to know.

The names stand here as plain words and not as the compiler's operator table: a linter starts fast,
and asks only whether the answer is a tensor.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """``"a b" -> {"a", "b"}``."""
    return frozenset(text.split())


NAMESPACES = frozenset(
    {"torch", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special", "torch.sparse"}
)
"""Modules whose functions take tensors and return them, unless they are listed below."""

LIST_FUNCTIONS = words(
    "split chunk unbind tensor_split hsplit vsplit dsplit meshgrid broadcast_tensors"
    " split_with_sizes unsafe_chunk unsafe_split"
)
"""What returns several tensors; ``unbind`` hands out rows, one after another."""

PAIR_FUNCTIONS = words(
    "max min sort topk median nanmedian mode kthvalue cummax cummin unique unique_consecutive"
    " var_mean std_mean aminmax frexp svd qr eig eigh lu lstsq slogdet pca_lowrank svd_lowrank"
    " triangular_solve geqrf lobpcg histogramdd max_pool1d_with_indices max_pool2d_with_indices"
    " max_pool3d_with_indices multi_head_attention_forward lu_factor inv_ex cholesky_ex"
)
"""What returns several tensors, always or with some arguments."""

OTHER_FUNCTIONS = words(
    "device save no_grad enable_grad inference_mode set_grad_enabled autocast compile Size"
    " Generator Stream Event manual_seed seed initial_seed get_rng_state set_rng_state typename"
    " get_default_dtype set_default_dtype set_default_tensor_type get_num_threads set_num_threads"
    " get_default_device set_default_device set_printoptions finfo iinfo result_type promote_types"
    " can_cast is_tensor is_storage is_complex is_floating_point is_nonzero is_conj is_neg"
    " is_inference is_grad_enabled is_distributed is_same_size is_signed is_inference_mode_enabled"
    " equal allclose numel broadcast_shapes use_deterministic_algorithms memory_format dtype layout"
    " compiled_with_cxx11_abi are_deterministic_algorithms_enabled get_deterministic_debug_mode"
    " set_deterministic_debug_mode set_float32_matmul_precision get_float32_matmul_precision"
    " set_warn_always is_warn_always_enabled vmap func cond while_loop get_device"
    " get_autocast_dtype"
    " is_autocast_enabled set_autocast_enabled is_deterministic_algorithms_warn_only_enabled"
    " set_flush_denormal sym_int sym_float sym_max sym_min sym_not get_device_module Tag"
    " AcceleratorError device_count unravel_index"
)
"""What returns no tensor."""

RANDOM_FUNCTIONS = words(
    "rand randn randint randperm rand_like randn_like randint_like bernoulli multinomial normal"
    " poisson dropout dropout1d dropout2d dropout3d alpha_dropout gumbel_softmax rrelu"
    " bernoulli_ uniform_ normal_ random_ exponential_ geometric_ cauchy_ log_normal_"
)
"""What draws random numbers: their order is part of what a loop does."""

MAKING = words("zeros ones empty rand randn full randint eye")
"""What makes a tensor of the sizes that it is given."""

LIKE = words(
    "zeros_like ones_like empty_like full_like rand_like randn_like randint_like clone abs neg exp"
    " log sqrt relu sigmoid tanh clamp clip sin cos pow where softmax log_softmax float double half"
    " long int bool to cuda cpu detach contiguous cumsum cumprod flip roll type requires_grad_"
    " masked_fill masked_fill_ zero_ fill_ add sub mul div add_ sub_ mul_ div_ clamp_ floor ceil"
    " round square rsqrt log1p expm1 erf sign triu tril normalize dropout gelu silu elu leaky_relu"
    " softplus"
)
"""What has as many dimensions as its first argument."""

FULL_REDUCTIONS = words(
    "sum mean prod any all norm max min argmax argmin amax amin median std var logsumexp"
)
"""What takes a whole tensor to one number where no dimension is named."""

CONVERTERS = words(
    "tensor as_tensor from_numpy asarray frombuffer scalar_tensor Tensor FloatTensor LongTensor"
    " DoubleTensor IntTensor ByteTensor BoolTensor HalfTensor arange linspace logspace range eye"
    " zeros ones empty full rand randn randint randperm device load save dtype hann_window"
    " hamming_window blackman_window bartlett_window kaiser_window is_tensor typename stack cat"
    " concat concatenate hstack vstack dstack column_stack row_stack block_diag cartesian_prod"
    " meshgrid broadcast_tensors atleast_1d atleast_2d atleast_3d einsum Size Generator stft"
    " manual_seed sparse_coo_tensor triu_indices tril_indices combinations normal pad_sequence"
    " set_num_threads full_like cond while_loop compile vmap is_storage save no_grad"
)
"""Functions whose first argument need not be a tensor."""

JOINERS = words(
    "stack cat concat concatenate hstack vstack dstack column_stack row_stack pad_sequence"
    " block_diag"
)
"""Functions that make one tensor of a list of them."""

TENSOR_METHODS = words(
    "unsqueeze permute contiguous detach cuda numel new_zeros new_ones new_empty new_full"
    " new_tensor expand expand_as view_as masked_fill masked_fill_ scatter scatter_ scatter_add_"
    " scatter_add gather index_select index_add_ index_copy_ index_fill_ masked_select clamp_"
    " sigmoid softmax log_softmax relu tanh add_ sub_ mul_ div_ zero_ fill_ matmul bmm mm mv"
    " addmm baddbmm unsqueeze_ squeeze_ detach_ requires_grad_ unbind narrow unfold triu tril"
    " logsumexp logical_not logical_and logical_or type_as is_contiguous ndimension clamp_min"
    " clamp_max movedim moveaxis unflatten index_put_ masked_scatter_ nan_to_num bernoulli_"
    " normal_ uniform_ element_size is_floating_point size dim t float long half"
)
"""Methods that a tensor has and neither a list nor a NumPy array has."""

TENSOR_ATTRIBUTES = words("requires_grad is_cuda grad_fn is_leaf device")
"""Attributes that a tensor has and neither a list nor a NumPy array has."""

LIST_METHODS = words("append extend insert pop remove index sort keys values items get")
"""Methods that no tensor has (``index``, ``sort`` and ``pop`` of a list are called by it)."""

INT_METHODS = words(
    "dim ndimension numel nelement stride element_size storage_offset get_device data_ptr"
)
BOOL_METHODS = words(
    "is_contiguous is_floating_point is_complex is_pinned is_shared equal allclose is_same_size"
    " is_signed is_set_to is_inference is_coalesced has_names"
)
NOTHING_METHODS = words(
    "backward register_hook retain_grad register_post_accumulate_grad_hook storage untyped_storage"
    " storage_type type device get_device names share_memory_ stride qscheme"
)
SYNCS = frozenset({"item", "tolist", "numpy", "cpu"})
"""Methods that wait for the device."""

ELEMENTWISE_BUILTINS = words(
    "abs max min sum float int bool round len range enumerate zip divmod pow isinstance reversed"
    " slice tuple list any all set sorted complex"
)
"""Functions of Python's own that a loop over elements may call."""

MODULES_TO_TENSORS = words(
    "Linear Conv1d Conv2d Conv3d Embedding BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm"
    " ReLU GELU SiLU Tanh Sigmoid Softmax Dropout Dropout2d ConvTranspose1d ConvTranspose2d"
    " ConvTranspose3d Bilinear AvgPool1d AvgPool2d MaxPool1d MaxPool2d AdaptiveAvgPool1d"
    " AdaptiveAvgPool2d Flatten LeakyReLU ELU Softplus Identity InstanceNorm1d InstanceNorm2d"
    " RMSNorm PReLU LogSoftmax Unfold Fold PixelShuffle Upsample EmbeddingBag"
)
"""Layers whose call returns one tensor."""

COMPARISONS = words(
    "eq ne lt le gt ge isnan isinf isfinite isin logical_not logical_and logical_or"
)
"""What answers yes or no for each element."""

DTYPE_OF_METHOD = {
    **dict.fromkeys(COMPARISONS, "bool"),
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
    "bool": "bool", "bfloat16": "bfloat16", "short": "int16", "byte": "uint8",
}  # fmt: skip
DTYPES = {
    **{d: d for d in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16",
                      "float32", "float64", "complex64", "complex128")},
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
    "short": "int16", "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip

PURE_METHODS = TENSOR_METHODS - words(
    "masked_fill_ scatter_ scatter_add_ index_add_ index_copy_ index_fill_ clamp_ add_ sub_ mul_"
    " div_ zero_ fill_ unsqueeze_ squeeze_ detach_ requires_grad_ index_put_ masked_scatter_"
    " bernoulli_ normal_ uniform_"
) | words(
    "eq ne lt le gt ge sum mean std var max min argmax argmin amax amin any all norm abs exp log"
    " log2 log10 log1p sqrt rsqrt square pow sign sin cos atan2 floor ceil round clamp clip sort"
    " topk argsort unique nonzero cumsum cumprod prod item tolist cpu numpy clone double int bool"
    " to type view reshape flatten squeeze transpose repeat repeat_interleave expand roll flip"
    " split chunk diagonal dot outer inner cross cdist trace det inverse median quantile erf"
    " where bitwise_and bitwise_or logical_xor equal allclose isnan isinf isfinite masked_select"
    " append bfloat16 short byte get index count copy astype"
)
"""Methods that compute and change nothing, whatever it is that has them."""

TORCH_KEYWORDS = frozenset({"dim", "keepdim", "dim0", "dim1", "unbiased"})
"""Keywords by which a method is a tensor's."""
