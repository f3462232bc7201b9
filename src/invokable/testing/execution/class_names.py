"""The names of the server's node classes, which decide which of several ready nodes runs first."""

from __future__ import annotations

from functools import cache
from typing import Final

# Classes that are not named after their type, as of 6.14.2.
_IRREGULAR: Final = dict(
    pair.split("=")
    for pair in """
    alibabacloud_image_generation=AlibabaCloudImageGenerationInvocation anima_i2l=AnimaImageToLatentsInvocation
    anima_l2i=AnimaLatentsToImageInvocation anima_lllite=AnimaLLLiteInvocation
    anima_lora_collection_loader=AnimaLoRACollectionLoader anima_lora_loader=AnimaLoRALoaderInvocation
    apply_tensor_mask_to_image=ApplyMaskTensorToImageInvocation
    calculate_image_tiles_min_overlap=CalculateImageTilesMinimumOverlapInvocation clip_skip=CLIPSkipInvocation
    cogview4_denoise=CogView4DenoiseInvocation cogview4_i2l=CogView4ImageToLatentsInvocation
    cogview4_l2i=CogView4LatentsToImageInvocation cogview4_model_loader=CogView4ModelLoaderInvocation
    cogview4_text_encoder=CogView4TextEncoderInvocation controlnet=ControlNetInvocation
    crop_latents=CropLatentsCoreInvocation decode_watermark=DecodeInvisibleWatermarkInvocation div=DivideInvocation
    dw_openpose_detection=DWOpenposeDetectionInvocation esrgan=ESRGANInvocation face_mask_detection=FaceMaskInvocation
    float_generator=FloatGenerator float_range=FloatLinearRangeInvocation float_to_int=FloatToIntegerInvocation
    flux2_dev_lora_collection_loader=Flux2DevLoRACollectionLoader flux2_dev_lora_loader=Flux2DevLoRALoaderInvocation
    flux2_klein_lora_collection_loader=Flux2KleinLoRACollectionLoader
    flux2_klein_lora_loader=Flux2KleinLoRALoaderInvocation flux2_pid_decode=Flux2PiDDecodeInvocation
    flux_control_lora_loader=FluxControlLoRALoaderInvocation flux_controlnet=FluxControlNetInvocation
    flux_denoise_meta=FluxDenoiseLatentsMetaInvocation flux_ip_adapter=FluxIPAdapterInvocation
    flux_kontext_image_prep=FluxKontextConcatenateImagesInvocation
    flux_lora_collection_loader=FLUXLoRACollectionLoader flux_lora_loader=FluxLoRALoaderInvocation
    flux_pid_decode=FluxPiDDecodeInvocation freeu=FreeUInvocation
    get_image_mask_bounding_box=GetMaskBoundingBoxInvocation hed_edge_detection=HEDEdgeDetectionInvocation
    i2l=ImageToLatentsInvocation ideogram4_l2i=Ideogram4LatentsToImageInvocation image_generator=ImageGenerator
    img_blur=ImageBlurInvocation img_chan=ImageChannelInvocation img_channel_multiply=ImageChannelMultiplyInvocation
    img_channel_offset=ImageChannelOffsetInvocation img_conv=ImageConvertInvocation img_crop=ImageCropInvocation
    img_hue_adjust=ImageHueAdjustmentInvocation img_hue_adjust_oklch=OklchImageHueAdjustmentInvocation
    img_ilerp=ImageInverseLerpInvocation img_lerp=ImageLerpInvocation img_mul=ImageMultiplyInvocation
    img_noise=ImageNoiseInvocation img_nsfw=ImageNSFWBlurInvocation img_pad_crop=CenterPadCropInvocation
    img_paste=ImagePasteInvocation img_resize=ImageResizeInvocation img_scale=ImageScaleInvocation
    img_watermark=ImageWatermarkInvocation infill_cv2=CV2InfillInvocation infill_lama=LaMaInfillInvocation
    infill_patchmatch=InfillPatchMatchInvocation infill_rgba=InfillColorInvocation integer_generator=IntegerGenerator
    invokeai_ealightness=InvokeEquivalentAchromaticLightnessInvocation invokeai_img_blend=InvokeImageBlendInvocation
    invokeai_img_composite=InvokeImageCompositorInvocation
    invokeai_img_dilate_erode=InvokeImageDilateOrErodeInvocation invokeai_img_enhance=InvokeImageEnhanceInvocation
    invokeai_img_hue_adjust_plus=InvokeAdjustImageHuePlusInvocation
    invokeai_img_val_thresholds=InvokeImageValueThresholdsInvocation ip_adapter=IPAdapterInvocation
    krea2_lora_collection_loader=Krea2LoRACollectionLoader krea2_lora_loader=Krea2LoRALoaderInvocation
    l2i=LatentsToImageInvocation lblend=BlendLatentsInvocation lora_collection_loader=LoRACollectionLoader
    lora_loader=LoRALoaderInvocation lora_selector=LoRASelectorInvocation lresize=ResizeLatentsInvocation
    lscale=ScaleLatentsInvocation mask_from_id=MaskFromIDInvocation
    mediapipe_face_detection=MediaPipeFaceDetectionInvocation metadata_to_ip_adapters=MetadataToIPAdaptersInvocation
    metadata_to_lora_collection=MetadataToLorasCollectionInvocation
    metadata_to_sdlx_loras=MetadataToSDXLLorasInvocation metadata_to_sdxl_model=MetadataToSDXLModelInvocation
    metadata_to_t2i_adapters=MetadataToT2IAdaptersInvocation metadata_to_vae=MetadataToVAEInvocation
    mlsd_detection=MLSDDetectionInvocation mul=MultiplyInvocation
    openai_image_generation=OpenAIImageGenerationInvocation pbr_maps=PBRMapsInvocation
    pid_decoder_loader=PiDDecoderLoaderInvocation pid_upscale=PiDUpscaleInvocation
    pidi_edge_detection=PiDiNetEdgeDetectionInvocation prompt_from_file=PromptsFromFileInvocation
    qwen_image_i2l=QwenImageImageToLatentsInvocation qwen_image_l2i=QwenImageLatentsToImageInvocation
    qwen_image_lora_collection_loader=QwenImageLoRACollectionLoader
    qwen_image_lora_loader=QwenImageLoRALoaderInvocation qwen_image_pid_decode=QwenImagePiDDecodeInvocation
    rand_float=RandomFloatInvocation rand_int=RandomIntInvocation round_float=RoundInvocation
    sd3_denoise=SD3DenoiseInvocation sd3_i2l=SD3ImageToLatentsInvocation sd3_l2i=SD3LatentsToImageInvocation
    sd3_pid_decode=SD3PiDDecodeInvocation sdxl_compel_prompt=SDXLCompelPromptInvocation
    sdxl_lora_collection_loader=SDXLLoRACollectionLoader sdxl_lora_loader=SDXLLoRALoaderInvocation
    sdxl_model_loader=SDXLModelLoaderInvocation sdxl_pid_decode=SDXLPiDDecodeInvocation
    sdxl_refiner_compel_prompt=SDXLRefinerCompelPromptInvocation
    sdxl_refiner_model_loader=SDXLRefinerModelLoaderInvocation seamless=SeamlessModeInvocation
    string_generator=StringGenerator sub=SubtractInvocation t2i_adapter=T2IAdapterInvocation
    tensor_mask_to_image=MaskTensorToImageInvocation text_llm=TextLLMInvocation
    text_llm_with_preset=TextLLMWithPresetInvocation
    tiled_multi_diffusion_denoise_latents=TiledMultiDiffusionDenoiseLatents tomask=MaskFromAlphaInvocation
    unsharp_mask_oklab=OklabUnsharpMaskInvocation vae_loader=VAELoaderInvocation wan_i2l=WanImageToLatentsInvocation
    wan_i2v_ideal_dimensions=WanI2VIdealDimensionsInvocation wan_l2i=WanLatentsToImageInvocation
    wan_l2v=WanLatentsToVideoInvocation wan_lora_collection_loader=WanLoRACollectionLoader
    wan_lora_loader=WanLoRALoaderInvocation wan_ti2v_ideal_dimensions=WanTI2VIdealDimensionsInvocation
    z_image_i2l=ZImageImageToLatentsInvocation z_image_l2i=ZImageLatentsToImageInvocation
    z_image_lora_collection_loader=ZImageLoRACollectionLoader z_image_lora_loader=ZImageLoRALoaderInvocation
    z_image_pid_decode=ZImagePiDDecodeInvocation
    """.split()
)


@cache
def class_name(node_type: str) -> str:
    """Return the class that implements a node type on the server: `img_blur` → `ImageBlurInvocation`."""
    regular = "".join(word[:1].upper() + word[1:] for word in node_type.split("_"))
    return _IRREGULAR.get(node_type, f"{regular}Invocation")
